import type { LostPlace, Reopened } from '../../../core/ports/adapter.ts';
import type { Button } from '../../../core/ports/buttons.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import type { Surface } from '../../../core/ports/surface.ts';
import { deliveryError } from '../api/errors.ts';
import { messageKey } from '../api/places.ts';
import type { Workspace } from '../api/workspace.ts';
import { readMetadata, WITH_METADATA } from '../posting/message-metadata.ts';
import { findPost } from '../posting/post-once.ts';
import { PostedMessage, rewriteButtons } from '../posting/posted-message.ts';
import { buttonsOf, type OwnMessage, ownMessages, readBack } from '../posting/read-back.ts';
import { type AnswerPlace, readPlace, threadKeyOf } from './answer-place.ts';
import { takeSignsOff } from './indicator.ts';
import { endStream } from './native-stream.ts';
import { takeWordsBack } from './queue-words.ts';
import { SlackSurface } from './slack-surface.ts';
import type { SurfaceParts } from './surface-parts.ts';

/** Finds the place where a dead process was answering; null if nothing can be shown there any more. */
export async function reopen(
  parts: SurfaceParts,
  { reference, answerId }: LostPlace,
  signal: AbortSignal,
): Promise<Reopened | null> {
  const stored = readPlace(reference);
  if (stored === null) return null;
  try {
    const place = answerId === null ? stored : await withQuestion(parts.workspace, stored, signal);
    const surface = new SlackSurface(parts, place);
    const { root, channel } = place;
    if (root.kind === 'standing') {
      const { questionTs, threadTs } = root;
      parts.tasks.run('take off the sign that a question was seen', () =>
        takeSignsOff(parts, channel, questionTs, threadTs),
      );
    }
    if (answerId === null) return notBegun(parts, place, surface);
    const { workspace } = parts;
    const [found, ...older] = await findMessages(workspace, place, answerId, signal);
    if (found === undefined) return notBegun(parts, place, surface);
    const keysOf = (messages: readonly Found[]) =>
      messages.map(({ ts }) => messageKey(workspace.team, channel, ts)).toReversed();
    if (found.state === 'sealed') {
      return { surface, message: null, sealed: found.index + 1, sealedKeys: keysOf([found, ...older]) };
    }
    if (found.ts === place.streamTs) await endStream(workspace, channel, found.ts, signal);
    const threadTs = root.kind === 'standing' ? root.threadTs : null;
    const { ts, index } = found;
    const threadKey = threadKeyOf(workspace.team, place, threadTs);
    const at = { channel, threadTs, ts, threadKey, ...(index !== null && { mark: { answerId, index } }) };
    return {
      surface,
      message: {
        live: new PostedMessage(workspace, at, null, parts.clock),
        text: readBack(found),
        isEnded: found.state === 'ended',
      },
      ...(index !== null && { sealed: index }),
      sealedKeys: keysOf(older),
    };
  } catch (error) {
    const fault = deliveryError(error);
    if (fault instanceof PlaceGone) return null;
    throw fault;
  }
}

/** The place with its question found, if that was posted and nobody stored it. */
async function withQuestion(
  workspace: Workspace,
  place: AnswerPlace,
  signal: AbortSignal,
): Promise<AnswerPlace> {
  const { root, channel } = place;
  if (root.kind === 'standing' || root.post === undefined) return place;
  const threadTs = typeof root.thread === 'string' ? null : root.thread.ts;
  const ts = await findPost(workspace, { channel, threadTs }, root.post, signal);
  if (ts === null) return place;
  const standing = {
    kind: 'standing',
    questionTs: ts,
    threadTs: root.thread === 'new' ? ts : threadTs,
  } as const;
  return { ...place, root: standing };
}

/** A question in direct messages may still have a notice of its place in the queue. */
function notBegun(
  { workspace, tasks, signal }: SurfaceParts,
  { channel, askedIn, isDirect, root }: AnswerPlace,
  surface: Surface,
): Reopened {
  if (isDirect && askedIn === channel && root.kind === 'standing' && root.questionTs !== null) {
    const { questionTs, threadTs } = root;
    tasks.run('take back what was said of the queue', () =>
      takeWordsBack(workspace, { channel, threadTs }, questionTs, signal),
    );
  }
  return { surface, message: null };
}

/** Replaces the buttons under a finished answer. */
export async function changeButtons(
  { workspace }: Pick<SurfaceParts, 'workspace'>,
  { reference, answerId }: LostPlace & { readonly answerId: string },
  buttons: readonly Button[],
  signal: AbortSignal,
): Promise<boolean> {
  const place = readPlace(reference);
  if (place === null) return false;
  try {
    const [found] = await findMessages(workspace, place, answerId, signal);
    if (found === undefined || found.state === 'sealed') return false;
    await rewriteButtons(workspace, { channel: place.channel, ...found }, buttons, signal);
    return true;
  } catch (error) {
    throw deliveryError(error);
  }
}

/** A message of an answer. Its index comes from its mark, which messages of earlier versions lack. */
type Found = OwnMessage &
  (
    | { readonly state: 'growing' | 'ended'; readonly index: number | null }
    | { readonly state: 'sealed'; readonly index: number }
  );

/** Slack's largest page; an answer is among the newest messages of its thread or DM. */
const PAGE = 200;

/** The messages of the answer, newest first: each has its mark or button, or began as its stream. */
async function findMessages(
  workspace: Workspace,
  { channel, root, streamTs }: AnswerPlace,
  answerId: string,
  signal: AbortSignal,
): Promise<Found[]> {
  // The question was not posted yet.
  if (root.kind === 'posted') return [];
  const { threadTs } = root;
  // Slack lists a thread from its beginning, a channel from its end.
  const range = { limit: PAGE, ...WITH_METADATA, ...(threadTs === null && { maxPages: 1 }) };
  const messages = await Array.fromAsync(ownMessages(workspace, { channel, threadTs }, range, signal));
  return messages
    .toSorted((a, b) => (a.ts < b.ts ? 1 : -1))
    .flatMap((message): Found[] => {
      const kinds = buttonsOf(message, answerId);
      const { mark } = readMetadata(message.metadata);
      const index = mark?.answerId === answerId ? mark.index : null;
      if (kinds.length > 0) {
        return [{ ...message, state: kinds.includes('stop') ? 'growing' : 'ended', index }];
      }
      // A stream gets its mark when it ends.
      if (index !== null) return [{ ...message, state: 'sealed', index }];
      const isStream = message.ts === streamTs && mark === undefined;
      return isStream ? [{ ...message, state: 'growing', index }] : [];
    });
}

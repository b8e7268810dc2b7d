import { addresseeOf } from '../../../core/ports/address.ts';
import { NO_RULES } from '../../../core/ports/events.ts';
import type { FilePart } from '../../../core/ports/parts.ts';
import { Refused } from '../../../http/requests.ts';
import type { PostCommand, PostMessage, PostRemove, PostRename, SaidMessage } from '../wire.ts';
import type { WebContext } from './context.ts';
import { eventAt, eventOn } from './inbound.ts';
import { newId } from './messages.ts';
import { addressOf, placeOf, withoutMention } from './people.ts';
import { personNamed, reachable, visible } from './reach.ts';
import type { Room } from './room.ts';
import { openThread } from './threads.ts';

/*
 * People's actions on the page, except presses of buttons. Each resolves once it is accepted; dispatch continues it. Each
 * rejects with `Refused` if the person may not do it.
 */

export async function postMessage(
  { room, uploads, dispatch, run }: WebContext,
  { id, as, text, files: given, channel, thread }: PostMessage,
): Promise<void> {
  const person = personNamed(as);
  const spot = { channel, thread };
  const { owner } = reachable(room, spot, person);
  const address = addressOf(text, owner !== null);
  const rules = owner === null ? await dispatch.channelRules(placeOf(spot)) : NO_RULES;
  const addressee = addresseeOf(address);
  const addressed = addressee === 'bot' || (addressee === 'place' && rules.hearsAll);
  const attached = await uploads.parts(given, person.id);
  await say(room, { ...spot, id, user: person.id, audience: owner, text, addressed }, attached);
  // As on Slack, the answer to a question in a channel goes to the question's own thread.
  const isThreadBegun = addressed && thread === null && owner === null && rules.inThread !== false;
  const answerSpot = isThreadBegun ? { channel, thread: id } : spot;
  if (answerSpot.thread !== null) await openThread(room, answerSpot.thread);
  const event = eventAt(room, id, person, answerSpot, { audience: owner });
  const parts = [{ type: 'text', text: withoutMention(text) } as const, ...attached];
  run(dispatch.message({ ...event, parts, address }));
}

export async function runCommand(
  { room, uploads, host, dispatch, run }: WebContext,
  { id, as, command: name, options, text, files: given, channel, thread }: PostCommand,
): Promise<void> {
  const person = personNamed(as);
  const spot = { channel, thread };
  const { owner } = reachable(room, spot, person);
  const answers = host.commands.find((command) => command.name === name)?.reply === 'answer';
  const isPrivate = !answers || options['private'] === true;
  const audience = isPrivate ? person.id : owner;
  const brought = await uploads.parts(given, person.id);
  if (answers) {
    await say(room, { ...spot, id, user: person.id, audience, text, addressed: true }, brought);
    if (thread !== null) await openThread(room, thread);
  }
  const event = eventAt(room, id, person, spot, { audience, isPrivate, about: answers ? null : text });
  // The page submits a form under the command's name without arguments.
  const isFilledIn = text.trim() === `/${name}`;
  run(dispatch.command({ ...event, command: name, options, brought, isFilledIn }));
}

/** Puts what somebody said into the room. */
async function say(
  room: Room,
  said: Omit<SaidMessage, 'kind' | 'files' | 'order' | 'atMs' | 'threadTitle'>,
  files: readonly FilePart[],
): Promise<void> {
  const infos = files.map(({ reference: id, name, mediaType }) => ({ id, name, mediaType }));
  await room.post({ ...said, kind: 'said', files: infos });
}

/** Changes a thread's title. Allowed for the person who began the thread, and admins. */
export async function renameThread({ room }: WebContext, { as, thread, title }: PostRename): Promise<void> {
  const person = personNamed(as);
  const root = visible(room, thread, person);
  if (root.threadTitle === null) throw new Refused(404, 'There is no such thread.');
  if (root.user !== person.id && person.role === 'member') {
    throw new Refused(403, 'Only the person who began a thread or an admin can rename it.');
  }
  await room.replace({ ...root, threadTitle: title });
}

/** Deletes a message that has no thread. */
export async function removeMessage(
  { room, uploads, dispatch, run }: WebContext,
  { as, message: id }: PostRemove,
): Promise<void> {
  const person = personNamed(as);
  const message = visible(room, id, person);
  // Core decides for answers.
  if (message.kind !== 'answer' && message.user !== person.id && person.role === 'member') {
    throw new Refused(403, 'Only its author or an admin can delete this message.');
  }
  if (room.hasReplies(id)) {
    throw new Refused(409, 'This message has a thread, so it cannot be deleted.');
  }
  if (message.kind === 'answer') {
    const remove = async (keys: readonly string[]) => {
      for (const key of keys) await removeAnswer(room, key);
    };
    const event = eventOn(room, newId(), person, message);
    return run(dispatch.deleteAnswer({ ...event, message: id, isOwn: true, remove }));
  }
  if (message.kind === 'said') await dispatch.retract(`web:${id}`);
  await room.remove(id);
  if (message.kind === 'said') await uploads.delete(message.files.map((file) => file.id));
}

/** One with a thread stays, without its words. */
async function removeAnswer(room: Room, key: string): Promise<void> {
  const shown = room.find(key);
  if (shown?.kind === 'answer' && room.hasReplies(key)) {
    const note = 'This answer was deleted.';
    await room.replace({ ...shown, text: '', note, footer: null, buttons: [], files: [] });
  } else await room.remove(key);
}

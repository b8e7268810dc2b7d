import { z } from 'zod';
import type { Tasks } from '../../../core/kit/tasks.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import { deliveryError } from '../api/errors.ts';
import { postScope } from '../api/limits.ts';
import { messagesAt, type Spot } from '../api/pages.ts';
import { SlackRefusal } from '../api/web-api.ts';
import { textOf, type Workspace } from '../api/workspace.ts';
import type { Root } from '../posting/answer-anchor.ts';
import type { PrivateTeller } from '../posting/tell-privately.ts';
import { markdownContent } from '../text/message-content.ts';
import type { AnswerPlace } from './answer-place.ts';

const WORDS = '⏳ ';
/** As Slack may give it back. */
const WORDS_READ = /^(?:⏳|:hourglass_flowing_sand:) /;

const messageSchema = z.object({
  ts: z.string(),
  bot_id: z.string().optional(),
  text: z.string().default(''),
  blocks: z.array(z.object({ type: z.string() })).default([]),
});

/** Takes back what a process that died said in direct messages of a question that had no answer yet. */
export async function takeWordsBack(
  workspace: Workspace,
  spot: Spot,
  questionTs: string,
  signal: AbortSignal,
): Promise<void> {
  const range = { oldest: questionTs, limit: PAGE, maxPages: 1 };
  for await (const raw of messagesAt(workspace, spot, range, signal)) {
    const { ts, bot_id, text, blocks } = messageSchema.parse(raw);
    // Answers have buttons.
    const isWords = WORDS_READ.test(text) && !blocks.some(({ type }) => type === 'actions');
    if (bot_id === workspace.botId && isWords) await deleteMessage(workspace, spot.channel, ts, signal);
  }
}

/** Words are among the next messages of a question that waits. */
const PAGE = 50;

async function deleteMessage(workspace: Workspace, channel: string, ts: string, signal: AbortSignal) {
  try {
    await workspace.call('chat.delete', { channel, ts }, signal);
  } catch (error) {
    const known = deliveryError(error);
    if (!(known instanceof PlaceGone || known instanceof SlackRefusal)) throw error;
  }
}

/**
 * Shows a question's place in the queue: the first words given, until null is given. In a channel as an ephemeral message to
 * the asker; in direct messages as a message that is deleted again.
 */
export function createQueueWords(
  {
    workspace,
    tasks,
    signal,
  }: { readonly workspace: Workspace; readonly tasks: Tasks; readonly signal: AbortSignal },
  { channel, askedIn, isDirect }: Pick<AnswerPlace, 'channel' | 'askedIn' | 'isDirect'>,
  root: Pick<Root, 'knownThreadTs'>,
  tellPrivately: PrivateTeller,
): (words: string | null) => void {
  let isShown = false;
  let ts: string | null = null;
  let changed = Promise.resolve();

  async function post(text: string): Promise<string> {
    const args = { channel, thread_ts: root.knownThreadTs, ...markdownContent(text) };
    const scope = postScope(workspace.team, channel);
    return textOf(
      (await workspace.paced(scope, () => workspace.call('chat.postMessage', args, signal), signal))['ts'],
    );
  }

  async function change(words: string | null): Promise<void> {
    try {
      if (words !== null && isDirect && askedIn === channel) ts = await post(WORDS + words);
      else if (words !== null) await tellPrivately({ text: WORDS + words }, signal);
      else if (ts !== null) {
        await deleteMessage(workspace, channel, ts, signal);
        ts = null;
      }
    } catch (error) {
      const known = deliveryError(error);
      if (!(known instanceof PlaceGone || known instanceof SlackRefusal)) throw error;
    }
  }

  return (words) => {
    if (isShown === (words !== null)) return;
    isShown = words !== null;
    const before = changed;
    changed = new Promise((resolve) => {
      tasks.run('say how long a question waits', () => before.then(() => change(words)).finally(resolve));
    });
  };
}

import type { Tasks } from '../../../core/kit/tasks.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import { deliveryError } from '../api/errors.ts';
import { postScope } from '../api/limits.ts';
import { SlackRefusal } from '../api/web-api.ts';
import { textOf, type Workspace } from '../api/workspace.ts';
import type { Root } from '../posting/answer-anchor.ts';
import type { PrivateTeller } from '../posting/tell-privately.ts';
import { markdownContent } from '../text/message-content.ts';
import type { AnswerPlace } from './answer-place.ts';

/**
 * Says how a question stands in the queue: the first words that come, until null does. In a channel to the asker alone, where Slack
 * forgets it by itself; in direct messages as a message that is deleted again.
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
      if (words !== null && isDirect && askedIn === channel) ts = await post(`⏳ ${words}`);
      else if (words !== null) await tellPrivately({ text: `⏳ ${words}` }, signal);
      else if (ts !== null) {
        await workspace.call('chat.delete', { channel, ts }, signal);
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

import { ignoring } from '../../../core/kit/or-log.ts';
import { TasksInTurn } from '../../../core/kit/scheduling/tasks.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import { deliveryError } from '../api/errors.ts';
import { postScope } from '../api/limits.ts';
import type { Spot } from '../api/pages.ts';
import { SlackRefusal } from '../api/web-api.ts';
import { textOf, type Workspace } from '../api/workspace.ts';
import type { Root } from '../posting/answer-anchor.ts';
import { ownMessages } from '../posting/read-back.ts';
import type { PrivateTeller } from '../posting/tell-privately.ts';
import { markdownContent } from '../text/message-content.ts';
import type { AnswerPlace } from './answer-place.ts';
import type { SurfaceParts } from './surface-parts.ts';

const WORDS = '⏳ ';
/** As Slack may give it back. */
const WORDS_READ = /^(?:⏳|:hourglass_flowing_sand:) /;

/** Takes back what a process that died said in direct messages of a question that had no answer yet. */
export async function takeWordsBack(
  workspace: Workspace,
  spot: Spot,
  questionTs: string,
  signal: AbortSignal,
): Promise<void> {
  const range = { oldest: questionTs, limit: PAGE, maxPages: 1 };
  for await (const { ts, text, blocks } of ownMessages(workspace, spot, range, signal)) {
    // Answers have buttons.
    const isWords = WORDS_READ.test(text) && !blocks.some(({ type }) => type === 'actions');
    if (isWords) await deleteMessage(workspace, spot.channel, ts, signal);
  }
}

/** Words are among the next messages of a question that waits. */
const PAGE = 50;

async function deleteMessage(workspace: Workspace, channel: string, ts: string, signal: AbortSignal) {
  await workspace.call('chat.delete', { channel, ts }, signal).catch(ignoring(isGone));
}

/** Whether the message is not there any more, or nothing may be done there. */
function isGone(error: unknown): boolean {
  const known = deliveryError(error);
  return known instanceof PlaceGone || known instanceof SlackRefusal;
}

/**
 * Shows a question's place in the queue: the first words given, until null is given. In a channel as an ephemeral message to
 * the asker; in direct messages as a message that is deleted again.
 */
export class QueueWords {
  readonly #parts: SurfaceParts;
  readonly #place: AnswerPlace;
  readonly #root: Root;
  readonly #teller: PrivateTeller;
  readonly #inTurn: TasksInTurn;
  #isShown = false;
  #ts: string | null = null;

  constructor(parts: SurfaceParts, place: AnswerPlace, root: Root, teller: PrivateTeller) {
    this.#parts = parts;
    this.#place = place;
    this.#root = root;
    this.#teller = teller;
    this.#inTurn = new TasksInTurn(parts.tasks);
  }

  show(words: string | null): void {
    if (this.#isShown === (words !== null)) return;
    this.#isShown = words !== null;
    this.#inTurn.run('say how long a question waits', () => this.#change(words).catch(ignoring(isGone)));
  }

  async #change(words: string | null): Promise<void> {
    const { workspace, signal } = this.#parts;
    const { channel, askedIn, isDirect } = this.#place;
    if (words !== null && isDirect && askedIn === channel) this.#ts = await this.#post(WORDS + words);
    else if (words !== null) await this.#teller.tell({ text: WORDS + words }, signal);
    else if (this.#ts !== null) {
      await deleteMessage(workspace, channel, this.#ts, signal);
      this.#ts = null;
    }
  }

  async #post(text: string): Promise<string> {
    const { workspace, signal } = this.#parts;
    const { channel } = this.#place;
    const args = { channel, thread_ts: this.#root.knownThreadTs, ...markdownContent(text) };
    const scope = postScope(workspace.team, channel);
    const post = () => workspace.call('chat.postMessage', args, signal);
    return textOf((await workspace.paced(scope, post, signal))['ts']);
  }
}

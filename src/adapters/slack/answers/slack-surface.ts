import type { Scope } from '../../../core/ports/scope.ts';
import type {
  Activity,
  LiveMessage,
  MessageView,
  Notice,
  Rename,
  Surface,
} from '../../../core/ports/surface.ts';
import { adviceOn, deliveryError } from '../api/errors.ts';
import { MESSAGE_LIMITS, postScope, selfPacedScope, updatesScope } from '../api/limits.ts';
import { postedRoot, type Root, standingRoot } from '../posting/answer-anchor.ts';
import type { ResponseUrl } from '../posting/response-url.ts';
import { PrivateTeller } from '../posting/tell-privately.ts';
import { questionContent } from '../text/questions.ts';
import { AnswerMessages } from './answer-messages.ts';
import { type AnswerPlace, type RootPlace, threadKeyOf } from './answer-place.ts';
import { Indicator } from './indicator.ts';
import { createOpenStream, type OpenStream } from './native-stream.ts';
import { QueueWords } from './queue-words.ts';
import type { SurfaceParts } from './surface-parts.ts';
import { ThinkingStatus } from './thinking-status.ts';

export interface SurfaceExtras {
  /** The response URL of the interaction that asked. Default: none. */
  readonly responseUrl?: ResponseUrl | null;
  /** Called with the question's `ts` once it is posted. */
  readonly onPosted?: (ts: string) => void;
}

/** The surface for an answer in a place: message by message, in a thread or one below the other. */
export class SlackSurface implements Surface {
  readonly limits = MESSAGE_LIMITS;
  readonly keepsMarks = true;
  // An answer in a channel is in a thread already, and a DM is one conversation.
  readonly canContinueInThread = false;
  readonly #parts: SurfaceParts;
  readonly #place: AnswerPlace;
  readonly #root: Root;
  /** In a channel only one person would see a native stream grow, and nobody could stop it. Only sessions have names. */
  readonly #isSession: boolean;
  readonly #messages: AnswerMessages;
  readonly #teller: PrivateTeller;
  readonly #indicator: Indicator;
  readonly #queueWords: QueueWords;
  readonly #thinking: ThinkingStatus;
  #streamTs: string | null;

  constructor(
    parts: SurfaceParts,
    place: AnswerPlace,
    { responseUrl = null, onPosted = () => {} }: SurfaceExtras = {},
  ) {
    const { workspace } = parts;
    const { channel, user, askedIn } = place;
    const root = rootOf(parts, place, onPosted);
    const isSession = place.isDirect && parts.agentView.isOn;
    this.#parts = parts;
    this.#place = place;
    this.#root = root;
    this.#isSession = isSession;
    this.#messages = new AnswerMessages(parts, place, root, isSession ? this.#createOpenStream() : null);
    this.#teller = new PrivateTeller({
      workspace,
      channel: askedIn,
      user,
      isDirect: place.isDirect && askedIn === channel,
      root: askedIn === channel ? root : null,
      responseUrl,
    });
    this.#indicator = new Indicator(parts, channel, root);
    this.#queueWords = new QueueWords(parts, place, root, this.#teller);
    this.#thinking = new ThinkingStatus(parts, channel, root);
    this.#streamTs = place.streamTs;
  }

  get openScope(): Scope {
    const { team } = this.#parts.workspace;
    const { channel } = this.#place;
    // While the question is yet to be posted, `openMessage` paces both posts itself; otherwise it would wait for the scope
    // that it holds.
    return this.#root.isReady ? postScope(team, channel) : selfPacedScope(team, channel);
  }

  get updateScope(): Scope | undefined {
    // Native streams have limits of their own.
    return this.#isSession ? undefined : updatesScope(this.#parts.workspace.team);
  }

  get reference(): string {
    const { questionTs, knownThreadTs: threadTs, isReady } = this.#root;
    const root: RootPlace = isReady ? { kind: 'standing', questionTs, threadTs } : this.#place.root;
    return JSON.stringify({ ...this.#place, root, streamTs: this.#streamTs });
  }

  get caveat(): string {
    return `Slash commands do not work in Slack threads. Mention me with the command instead: \`@${this.#parts.workspace.botName} /model …\`, \`/stop\` or \`/forget\`.`;
  }

  get isPrivate(): boolean {
    return this.#place.isPrivate;
  }

  get isOverheard(): boolean {
    const { isDirect, root } = this.#place;
    return !isDirect && (root.kind === 'posted' || root.threadTs !== null);
  }

  get rename(): Rename | undefined {
    if (!this.#isSession) return undefined;
    return async (title, signal) => {
      const { knownThreadTs: thread_ts } = this.#root;
      if (thread_ts === null) return;
      const args = { channel_id: this.#place.channel, thread_ts, title };
      await this.#parts.workspace.call('agents.sessions.rename', args, signal);
    };
  }

  indicate(activity: Activity): void {
    const { tasks, signal } = this.#parts;
    const { isReady } = this.#root;
    if (activity !== 'queued') this.#queueWords.show(null);
    // The question is posted once it is admitted; before that there is nothing to put a sign on.
    if (activity === 'queued' && !isReady) return;
    this.#indicator.show(activity);
    if (activity === 'idle') this.#thinking.end(false);
    // A fault appears when the answer opens.
    if (activity === 'working' && !isReady) tasks.run('post the question', () => this.#root.threadTs(signal));
  }

  waits(words: string): void {
    this.#queueWords.show(words);
  }

  think(): void {
    this.#thinking.begin();
  }

  async obstacle(): Promise<string | null> {
    const { isDirect, channel } = this.#place;
    if (isDirect) return null;
    const where = this.#root.knownThreadTs === null ? 'top' : 'thread';
    const reason = await this.#parts.channels.refusalOf(channel, where);
    return reason === null ? null : adviceOn(reason);
  }

  async threadKey(signal: AbortSignal): Promise<string | null> {
    return threadKeyOf(this.#parts.workspace.team, this.#place, await this.#root.threadTs(signal));
  }

  async openMessage(view: MessageView, signal: AbortSignal): Promise<LiveMessage> {
    signal.throwIfAborted();
    try {
      const message = await this.#messages.open(view, signal);
      this.#indicator.opened();
      this.#thinking.end(true);
      return await this.#messages.withFiles(message, view, signal);
    } catch (error) {
      throw deliveryError(error);
    }
  }

  tellPrivately(notice: Notice, signal: AbortSignal): Promise<void> {
    return this.#teller.tell(notice, signal);
  }

  #createOpenStream(): OpenStream {
    return createOpenStream({
      ...this.#parts,
      onBegun: (ts) => {
        this.#streamTs = ts;
      },
      onSettled: () => {
        this.#streamTs = null;
      },
    });
  }
}

function rootOf(
  { workspace, clock }: SurfaceParts,
  { root, channel }: AnswerPlace,
  onPosted: (ts: string) => void,
): Root {
  if (root.kind === 'standing') return standingRoot(root.questionTs, root.threadTs);
  const question = questionContent(root.asker, root.question);
  return postedRoot(
    workspace,
    { channel, question, thread: root.thread, id: root.post?.id, onPosted },
    clock,
  );
}

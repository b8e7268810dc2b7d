import type { Clock } from '../../../core/kit/time/clock.ts';
import { isRefusedContent } from '../api/errors.ts';
import { postScope } from '../api/limits.ts';
import type { Workspace } from '../api/workspace.ts';
import type { questionContent } from '../text/questions.ts';
import { createPostOnce } from './post-once.ts';

/** The message above an answer: an existing thread, a thread that begins with the question, or none. */
export interface Root {
  /** Whether `threadTs` resolves at once. */
  readonly isReady: boolean;
  /** The message with the sign that the question was seen; null while there is none. */
  readonly questionTs: string | null;
  /** The answer's thread, if it is known yet. */
  readonly knownThreadTs: string | null;
  /** The same, if that thread certainly has replies. */
  readonly activeThreadTs: string | null;
  /** The answer's thread, or null for none. Posts the question first if that is yet to be done. */
  threadTs(signal: AbortSignal): Promise<string | null>;
}

/** Under a person's message, or in its channel. */
export function standingRoot(questionTs: string | null, threadTs: string | null): Root {
  return {
    isReady: true,
    questionTs,
    knownThreadTs: threadTs,
    activeThreadTs: threadTs === questionTs ? null : threadTs,
    threadTs: async () => threadTs,
  };
}

export interface QuestionPost {
  readonly channel: string;
  readonly question: ReturnType<typeof questionContent>;
  /** `new`: the question begins a thread for its answer. `none`: no thread. Else an existing thread. */
  readonly thread: 'new' | 'none' | { readonly ts: string };
  /** As `PostOptions`. */
  readonly id?: string | undefined;
  /** Called with the question's `ts` once it is posted. */
  readonly onPosted: (ts: string) => void;
}

/** Posts the question, once, for an answer below it. */
export function postedRoot(workspace: Workspace, post: QuestionPost, clock: Clock): Root {
  const { channel, question, thread, id, onPosted } = post;
  const existing = typeof thread === 'string' ? null : thread.ts;
  const once = createPostOnce(workspace, { channel, threadTs: existing }, clock, { id });
  let questionTs: string | null = null;
  let posting: Promise<void> | null = null;
  let content = question.markdown;

  async function postQuestion(signal: AbortSignal): Promise<void> {
    const scope = postScope(workspace.team, channel);
    try {
      const { ts } = await workspace.paced(scope, () => once.post(content, signal), signal);
      questionTs = ts;
      onPosted(ts);
    } catch (error) {
      if (content === question.plain || !isRefusedContent(error)) throw error;
      content = question.plain;
      await postQuestion(signal);
    }
  }

  return {
    get isReady() {
      return questionTs !== null;
    },
    get questionTs() {
      return questionTs;
    },
    get knownThreadTs() {
      return thread === 'new' ? questionTs : existing;
    },
    get activeThreadTs() {
      return questionTs === null ? null : existing;
    },
    async threadTs(signal) {
      if (questionTs === null) {
        posting ??= postQuestion(signal).finally(() => {
          posting = null;
        });
        await posting;
      }
      return this.knownThreadTs;
    },
  };
}

import { threadTitle } from '../../../core/chat/words/thread-title.ts';
import type { ThreadRead, ThreadReader } from '../../../core/ports/events.ts';
import { filePart, type QuotedPart } from '../../../core/ports/parts.ts';
import type { Spot } from '../wire.ts';
import type { StoredMessage } from './messages.ts';
import { personOf, withoutMention } from './people.ts';
import type { Room } from './room.ts';

/** The threads that hang on messages. */
export interface Threads {
  /** Titled as given, or by the beginning of the message; an open thread keeps its title. */
  openThread(rootId: string, title?: string): Promise<void>;
  /**
   * Reads the messages of a question's thread before the question: the first, and the newest hundred; or only what people
   * wrote since a time. Empty outside threads.
   */
  readerFor(questionId: string, spot: Spot): { readonly readThread?: ThreadReader };
}

export function createThreads(room: Room): Threads {
  function before(rootId: string, questionId: string, sinceMs: number | null): ThreadRead {
    const isNews = ({ kind, atMs }: StoredMessage) =>
      sinceMs === null ? kind !== 'notice' : kind === 'said' && atMs > sinceMs;
    const [root, ...rest] = room
      .thread(rootId)
      .filter((message) => message.id !== questionId && isNews(message));
    const messages = root === undefined ? [] : [root, ...rest.slice(-100)];
    return { messages: messages.map(quoted), problem: null };
  }

  return {
    async openThread(rootId, title) {
      const root = room.find(rootId);
      if (root?.threadTitle !== null) return;
      await room.replace({ ...root, threadTitle: title ?? threadTitle(withoutMarks(root.text)) });
    },
    readerFor: (questionId, { thread }) =>
      thread === null ? {} : { readThread: async (sinceMs) => before(thread, questionId, sinceMs) },
  };
}

function quoted(message: StoredMessage): QuotedPart {
  const { text } = message;
  if (message.kind !== 'said') {
    return { type: 'quoted', why: 'thread', author: { user: null, name: 'Parley' }, text, files: [] };
  }
  const author = { user: message.user, name: personOf(message.user)?.name ?? message.user };
  const files = message.files.map(({ id, ...file }) => filePart({ ...file, sizeBytes: null, reference: id }));
  return { type: 'quoted', why: 'thread', author, text, files };
}

/** The words of a message, without a leading mention or command, and without Markdown's marks. */
function withoutMarks(text: string): string {
  return withoutMention(text)
    .replace(/^\/\S+\s+/, '')
    .replace(/^[#>*+-]+\s+/, '')
    .replace(/\*\*|`/g, '')
    .trim();
}

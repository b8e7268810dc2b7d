import { threadTitle } from '../../../core/chat/words/thread-title.ts';
import type { ThreadRead } from '../../../core/ports/events.ts';
import { filePart, type QuotedPart } from '../../../core/ports/parts.ts';
import type { StoredMessage } from './messages.ts';
import { personOf, withoutMention } from './people.ts';
import type { Room } from './room.ts';

/** Opens the thread of a message, titled as given or by the message's beginning. An open thread keeps its title. */
export async function openThread(room: Room, rootId: string, title?: string): Promise<void> {
  const root = room.find(rootId);
  if (root?.threadTitle !== null) return;
  await room.replace({ ...root, threadTitle: title ?? threadTitle(withoutMarks(root.text)) });
}

/** Renames an open thread; does nothing if there is none. */
export async function nameThread(room: Room, rootId: string, title: string): Promise<void> {
  const root = room.find(rootId);
  if (root !== undefined && root.threadTitle !== null) await room.replace({ ...root, threadTitle: title });
}

/**
 * The messages of a question's thread: the first and the newest hundred, for everybody, without the question and notices.
 *
 * @param sinceMs only what people wrote after that time; null for all
 */
export function readThread(
  room: Room,
  rootId: string,
  questionId: string,
  sinceMs: number | null,
): ThreadRead {
  const isNews = ({ kind, atMs }: StoredMessage) =>
    sinceMs === null ? kind !== 'notice' : kind === 'said' && atMs > sinceMs;
  const [root, ...rest] = room
    .all()
    .filter(({ id, thread, audience }) => audience === null && (id === rootId || thread === rootId))
    .filter((message) => message.id !== questionId && isNews(message))
    .toSorted((a, b) => a.order - b.order);
  const messages = root === undefined ? [] : [root, ...rest.slice(-100)];
  return { messages: messages.map(quoted), problem: null };
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

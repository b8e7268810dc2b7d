import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { startDeadline } from '../kit/deadline.ts';
import { createSlots, type Slots } from '../kit/slots.ts';
import { plainName } from '../kit/text.ts';
import type { GuildId } from '../ports/actor.ts';
import type { ReadFile } from '../ports/adapter.ts';
import { type FileContent, type FileLimits, FileUnavailable, type ReadContent } from '../ports/files.ts';
import { type BroughtPart, type FilePart, filesIn, isFromThread } from '../ports/parts.ts';
import type { ImageContent } from '../ports/provider.ts';

/** The part of a question's attachments that goes to the model. */
export interface ReadBrought {
  /** The parts, with the text of files and remarks on what was not read. */
  readonly brought: BroughtPart[];
  /** In the order of reading. `at` is the index among all files. */
  readonly images: readonly { readonly at: number; readonly image: ImageContent }[];
  /** The number of files and pictures that were read at least in part. */
  readonly filesRead: number;
  /** One sentence per reason why files were not read, with their names. */
  readonly remarks: readonly string[];
}

export interface BroughtReaderOptions {
  /** Fetches a file of a guild's platform; null for platforms without files. */
  readonly readFileOf: (guild: GuildId) => ReadFile | null;
  readonly readContent: ReadContent;
  readonly limits: FileLimits;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface BroughtReader {
  /**
   * Reads a question's files one after the other: its own first, then those of its thread, newest first. Files that were read
   * before keep their text. Fetches pictures if the model can see. Rejects only with the signal's reason.
   */
  read(
    brought: readonly BroughtPart[],
    context: { readonly guild: GuildId; readonly seesImages: boolean },
    signal: AbortSignal,
  ): Promise<ReadBrought>;
}

/** Files in memory at once, each up to `FileLimits.maxBytes`: the next is fetched while one is read. Guilds take turns. */
const AT_ONCE = { max: 4, maxPerGuild: 2 };
/** Questions whose next file may wait for that; a question's files come one after the other. */
const WAITING = { maxWaiting: 500, maxWaitingPerGuild: 50 };
/** One thread at a time, which bounds the memory. */
const THREADS = { max: 1, maxPerGuild: 1 };

const TOO_MANY: FileContent = {
  kind: 'unreadable',
  why: 'Too many files are being read. Try again in a minute.',
};

/** One guild's files do not hold up those of others. */
export function createBroughtReader(options: BroughtReaderOptions): BroughtReader {
  const { readFileOf, readContent, limits, clock, log } = options;
  const places = createSlots({ ...AT_ONCE, ...WAITING, clock });
  const threads = createSlots({ ...THREADS, ...WAITING, clock });

  async function inTurn(
    slots: Slots,
    guild: GuildId,
    work: () => Promise<FileContent>,
    signal: AbortSignal,
  ): Promise<FileContent> {
    const slot = await slots.acquireSlot(guild, () => {}, signal);
    if (!slot.ok) return TOO_MANY;
    try {
      return await work();
    } finally {
      slot.release();
    }
  }

  async function contentOf(
    guild: GuildId,
    file: FilePart,
    maxChars: number,
    signal: AbortSignal,
  ): Promise<FileContent> {
    const { maxBytes } = limits;
    if ((file.sizeBytes ?? 0) > maxBytes) return { kind: 'unreadable', why: tooLarge(maxBytes) };
    return inTurn(places, guild, () => fetchAndRead(guild, file, maxChars, signal), signal);
  }

  async function fetchAndRead(
    guild: GuildId,
    file: FilePart,
    maxChars: number,
    signal: AbortSignal,
  ): Promise<FileContent> {
    const { maxBytes, timeoutMs } = limits;
    const late = new FileUnavailable(`It could not be fetched within ${timeoutMs / 1_000} s.`);
    const limit = startDeadline(clock, timeoutMs, signal, () => late);
    try {
      const readFile = readFileOf(guild);
      if (readFile === null) throw new FileUnavailable('Files of this platform cannot be read.');
      const bytes = await readFile(file.reference, maxBytes, limit.signal);
      limit.pause();
      const read = () => readContent({ name: file.name, bytes, maxChars }, signal);
      return await inTurn(threads, guild, read, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FileUnavailable) return { kind: 'unreadable', why: error.message };
      log.warn({ err: error }, 'could not fetch a file');
      return { kind: 'unreadable', why: 'It could not be fetched.' };
    } finally {
      await limit.stop();
    }
  }

  return {
    async read(brought, { guild, seesImages }, signal) {
      const files = byImportance(brought);
      const places = new Map(filesIn(brought).map((file, at) => [file, at]));
      const read = new Map<FilePart, FilePart>();
      const images: ReadBrought['images'][number][] = [];
      /** Names of files, by the reason why they were not read. */
      const unread = new Map<string, string[]>();
      const remark = ({ name }: FilePart, why: string) => {
        unread.set(why, [...(unread.get(why) ?? []), plainName(name) || 'A file']);
      };
      let charsLeft = limits.maxChars;
      let filesRead = 0;
      const leaveOut = (file: FilePart, why: string) => {
        read.set(file, { ...file, unread: why });
        remark(file, why);
      };
      for (const [index, file] of files.entries()) {
        if (file.text !== undefined) {
          charsLeft -= file.text.length;
          filesRead++;
          if (file.unread !== undefined) remark(file, file.unread);
          continue;
        }
        if (index >= limits.maxFiles) {
          leaveOut(file, `At most ${limits.maxFiles} files are read.`);
          continue;
        }
        // Not reported as unread: another model may be able to see it.
        if (file.type === 'image' && !seesImages) continue;
        const content = await contentOf(guild, file, charsLeft, signal);
        if (content.kind === 'unreadable') leaveOut(file, content.why);
        else if (content.kind === 'image') {
          if (seesImages) {
            images.push({ at: places.get(file) ?? 0, image: content.image });
            filesRead++;
          }
          read.set(file, { ...withoutUnread(file), type: 'image' });
        } else {
          const { text, unread: rest } = content;
          charsLeft -= text.length;
          filesRead++;
          read.set(file, { ...file, text, ...(rest === null ? {} : { unread: rest }) });
          if (rest !== null) remark(file, rest);
        }
      }
      const replaced = (file: FilePart) => read.get(file) ?? file;
      return {
        brought: brought.map((part) =>
          'files' in part ? { ...part, files: part.files.map(replaced) } : replaced(part),
        ),
        images,
        filesRead,
        remarks: [...unread].map(([why, names]) => `${names.join(', ')}: ${why}`),
      };
    },
  };
}

/** Files by importance, because limits apply per question and the asker's own files come before those of the thread. */
function byImportance(brought: readonly BroughtPart[]): readonly FilePart[] {
  return [
    ...filesIn(brought.filter((part) => !isFromThread(part))),
    ...filesIn(brought.filter(isFromThread)).toReversed(),
  ];
}

function withoutUnread({ unread: _, ...file }: FilePart): FilePart {
  return file;
}

function tooLarge(maxBytes: number): string {
  return `It is larger than ${Math.round(maxBytes / 1_000_000)} MB.`;
}

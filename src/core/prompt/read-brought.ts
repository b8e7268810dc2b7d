import type { Logger } from 'pino';
import { createSlots, type Slots } from '../kit/scheduling/slots.ts';
import { plainName } from '../kit/text/text.ts';
import type { Clock } from '../kit/time/clock.ts';
import { Deadline } from '../kit/time/deadline.ts';
import type { GuildId } from '../ports/actor.ts';
import type { ReadFile } from '../ports/adapter.ts';
import {
  type FileContent,
  type FileLimits,
  FileUnavailable,
  type ReadContent,
  tooLarge,
} from '../ports/files.ts';
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

/**
 * Reads a question's files one after the other: its own first, then those of its thread, newest first. Files that were read
 * before keep their text. Fetches pictures if the model can see. Rejects only with the signal's reason.
 */
export type BroughtReader = (
  brought: readonly BroughtPart[],
  context: { readonly guild: GuildId; readonly seesImages: boolean },
  signal: AbortSignal,
) => Promise<ReadBrought>;

/** Files in memory at once, each up to `FileLimits.maxBytes`: the next is fetched while one is read. Guilds take turns. */
const AT_ONCE = { max: 4, maxPerGuild: 2 };
/** Questions whose next file may wait for that; a question's files come one after the other. */
const WAITING = { maxWaiting: 500, maxWaitingPerGuild: 50 };
/** One thread at a time, which bounds the memory. */
const THREADS = { max: 1, maxPerGuild: 1 };

/** One guild's files do not hold up those of others. */
export function createBroughtReader(options: BroughtReaderOptions): BroughtReader {
  const { limits } = options;
  const contentOf = createContentReader(options);

  return async (brought, { guild, seesImages }, signal) => {
    const places = new Map(filesIn(brought).map((file, at) => [file, at]));
    const images: ReadBrought['images'][number][] = [];
    const read = new Map<FilePart, FilePart>();
    let charsLeft = limits.maxChars;
    let filesRead = 0;
    for (const [index, file] of byImportance(brought).entries()) {
      if (file.text !== undefined) {
        charsLeft -= file.text.length;
        filesRead++;
        read.set(file, file);
        continue;
      }
      const isTooMuch = index >= limits.maxFiles;
      // Not reported as unread: another model may be able to see it.
      if (!isTooMuch && file.type === 'image' && !seesImages) continue;
      const content = isTooMuch
        ? unreadable(`At most ${limits.maxFiles} files are read.`)
        : await contentOf(guild, file, charsLeft, signal);
      read.set(file, partOf(file, content));
      if (content.kind === 'text') charsLeft -= content.text.length;
      if (content.kind === 'image' && seesImages) {
        images.push({ at: places.get(file) ?? 0, image: content.image });
      }
      if (content.kind === 'text' || (content.kind === 'image' && seesImages)) filesRead++;
    }
    const replaced = (file: FilePart) => read.get(file) ?? file;
    return {
      brought: brought.map((part) =>
        'files' in part ? { ...part, files: part.files.map(replaced) } : replaced(part),
      ),
      images,
      filesRead,
      remarks: remarksOn(read.values()),
    };
  };
}

/** Reads one file: neither a guild nor a file that is slow or large holds up the others. */
function createContentReader({ readFileOf, readContent, limits, clock, log }: BroughtReaderOptions) {
  const { maxBytes, timeoutMs } = limits;
  const places = createSlots({ ...AT_ONCE, ...WAITING, clock });
  const threads = createSlots({ ...THREADS, ...WAITING, clock });

  async function inTurn<T>(
    slots: Slots,
    guild: GuildId,
    work: () => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const slot = await slots.acquireSlot(guild, () => {}, signal);
    if (!slot.ok) throw new FileUnavailable('Too many files are being read. Try again in a minute.');
    try {
      return await work();
    } finally {
      slot.release();
    }
  }

  async function fetchAndRead(guild: GuildId, file: FilePart, maxChars: number, signal: AbortSignal) {
    const late = new FileUnavailable(`It could not be fetched within ${timeoutMs / 1_000} s.`);
    const limit = new Deadline(clock, timeoutMs, signal, () => late);
    try {
      const readFile = readFileOf(guild);
      if (readFile === null) throw new FileUnavailable('Files of this platform cannot be read.');
      const bytes = await readFile(file.reference, maxBytes, limit.signal);
      const read = () => readContent({ name: file.name, bytes, maxChars }, signal);
      return await inTurn(threads, guild, read, signal);
    } finally {
      limit.stop();
    }
  }

  return async (
    guild: GuildId,
    file: FilePart,
    maxChars: number,
    signal: AbortSignal,
  ): Promise<FileContent> => {
    if ((file.sizeBytes ?? 0) > maxBytes) return unreadable(tooLarge(maxBytes));
    try {
      return await inTurn(places, guild, () => fetchAndRead(guild, file, maxChars, signal), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FileUnavailable) return unreadable(error.message);
      log.warn({ err: error }, 'could not fetch a file');
      return unreadable('It could not be fetched.');
    }
  };
}

function unreadable(why: string): FileContent {
  return { kind: 'unreadable', why };
}

/** The file with its text, and a sentence on what was not read. */
function partOf({ unread: _, ...file }: FilePart, content: FileContent): FilePart {
  switch (content.kind) {
    case 'unreadable':
      return { ...file, unread: content.why };
    case 'image':
      return { ...file, type: 'image' };
    case 'text': {
      const { text, unread } = content;
      return { ...file, text, ...(unread !== null && { unread }) };
    }
  }
}

function remarksOn(files: Iterable<FilePart>): string[] {
  const byReason = Map.groupBy(files, ({ unread }) => unread);
  return [...byReason].flatMap(([why, of]) =>
    why === undefined ? [] : [`${of.map(({ name }) => plainName(name) || 'A file').join(', ')}: ${why}`],
  );
}

/** Files by importance, because limits apply per question and the asker's own files come before those of the thread. */
function byImportance(brought: readonly BroughtPart[]): readonly FilePart[] {
  return [
    ...filesIn(brought.filter((part) => !isFromThread(part))),
    ...filesIn(brought.filter(isFromThread)).toReversed(),
  ];
}

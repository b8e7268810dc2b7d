import type { ImageContent } from './provider.ts';

/** Settings: how much is read of what people bring. All but `maxFiles` and `maxChars` count for one file. */
export interface FileLimits {
  /** Of one question. */
  readonly maxFiles: number;
  readonly maxBytes: number;
  readonly maxPages: number;
  /** Of all files of one question together. */
  readonly maxChars: number;
  /** For fetching and reading. */
  readonly timeoutMs: number;
  readonly maxMemoryBytes: number;
}

export const DEFAULT_FILE_LIMITS: FileLimits = {
  maxFiles: 10,
  maxBytes: 20_000_000,
  maxPages: 50,
  maxChars: 200_000,
  timeoutMs: 20_000,
  maxMemoryBytes: 256_000_000,
};

export interface FileToRead {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What is left of `FileLimits.maxChars`. */
  readonly maxChars: number;
}

export type FileContent =
  | {
      readonly kind: 'text';
      readonly text: string;
      /** What was not read, as a sentence; null if all was. */
      readonly unread: string | null;
    }
  | { readonly kind: 'image'; readonly image: ImageContent }
  /** `why`: a sentence for the asker. */
  | { readonly kind: 'unreadable'; readonly why: string };

/**
 * Reads a file on a thread of its own, one file at a time. Never rejects but with the signal's reason: a file that is too
 * large, too slow or broken is `unreadable`. The bytes are gone afterwards.
 */
export type ReadContent = (file: FileToRead, signal: AbortSignal) => Promise<FileContent>;

/** A file could not be fetched; `message` says why, as a sentence for the asker. */
export class FileUnavailable extends Error {
  override readonly name = 'FileUnavailable';
  readonly code = 'file_unavailable';
}

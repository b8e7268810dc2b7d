import type { ImageContent } from './provider.ts';

/** Limits on reading what people attach. All but `maxFiles` and `maxChars` apply per file. */
export interface FileLimits {
  /** Per question. */
  readonly maxFiles: number;
  readonly maxBytes: number;
  readonly maxPages: number;
  /** Per question, all files together. */
  readonly maxChars: number;
  /** For fetching and reading one file. */
  readonly timeoutMs: number;
  readonly maxMemoryBytes: number;
}

export interface FileToRead {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The part of `FileLimits.maxChars` that is left. */
  readonly maxChars: number;
}

export type FileContent =
  | {
      readonly kind: 'text';
      readonly text: string;
      /** A sentence on what was not read; null if all was. */
      readonly unread: string | null;
    }
  | { readonly kind: 'image'; readonly image: ImageContent }
  /** `why`: a sentence for the asker. */
  | { readonly kind: 'unreadable'; readonly why: string };

/**
 * Reads a file on a separate thread, which may take `maxMemoryBytes`; the caller limits how many run at once. A file that is too large,
 * too slow or broken resolves to `unreadable`. Rejects only with the signal's reason. Transfers the bytes: the caller can no longer
 * use them.
 */
export type ReadContent = (file: FileToRead, signal: AbortSignal) => Promise<FileContent>;

/** A file could not be fetched. `message` tells the asker why. */
export class FileUnavailable extends Error {
  override readonly name = 'FileUnavailable';
  readonly code = 'file_unavailable';
}

/** Why a file above this size is not read. */
export function tooLarge(maxBytes: number): string {
  return `It is larger than ${Math.round(maxBytes / 1_000_000)} MB.`;
}

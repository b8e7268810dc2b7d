import type { FileContent } from '../core/ports/files.ts';

/** A file cannot be read; `message` tells the asker why, as a sentence. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
  readonly code = 'unreadable';
}

/** The most that is read of one file. */
export interface TextBounds {
  readonly maxChars: number;
  /** Pages of a PDF, slides or sheets. */
  readonly maxPages: number;
}

/**
 * Text, code, CSV, JSON or Markdown: UTF-8, UTF-16 with a byte order mark, or old Western encodings, without control
 * characters.
 * @throws Unreadable for anything else
 */
export function readPlain(bytes: Uint8Array, name: string, maxChars: number): FileContent {
  const text = decode(bytes);
  if (text === null) {
    const ending = /\.[a-z0-9]{1,8}$/i.exec(name)?.[0].toLowerCase();
    const what = ending === undefined ? 'This kind of file' : `A ${ending} file`;
    throw new Unreadable(`${what} cannot be read. Send text, PDF, DOCX, XLSX, PPTX or pictures.`);
  }
  return limited(text, maxChars);
}

/**
 * Cuts a text to the room that is left, between characters.
 * @throws Unreadable if it is empty or no room is left
 */
export function limited(text: string, maxChars: number, unread: string | null = null): FileContent {
  const clean = text.replace(/\r\n?/g, '\n').trim();
  if (clean === '') throw new Unreadable('It contains no text.');
  if (clean.length <= maxChars) return { kind: 'text', text: clean, unread };
  if (maxChars <= 0) throw new Unreadable('The other files already use up the limit for text.');
  const cut = clean.slice(0, maxChars).replace(/[\uD800-\uDBFF]$/, '');
  return {
    kind: 'text',
    text: cut,
    unread: `Only its first ${cut.length.toLocaleString('en-US')} characters were read.`,
  };
}

/**
 * Reads pages until the room is used up.
 * @param read the page at an index from 0, with its heading
 * @throws Unreadable with `ifEmpty` if no page contains text
 */
export async function readPages(
  { what, count, ifEmpty }: { what: 'pages' | 'slides' | 'sheets'; count: number; ifEmpty: string },
  { maxChars, maxPages }: TextBounds,
  read: (index: number, maxChars: number) => Promise<Page> | Page,
): Promise<FileContent> {
  const pages: string[] = [];
  let chars = 0;
  while (pages.length < Math.min(count, maxPages) && chars <= maxChars) {
    const { heading, text } = await read(pages.length, maxChars - chars);
    pages.push(`[${heading}]\n${text}`);
    chars += text.length;
  }
  if (chars === 0) throw new Unreadable(ifEmpty);
  const all = count.toLocaleString('en-US');
  const unread = pages.length < count ? `Only ${what} 1 to ${pages.length} of ${all} were read.` : null;
  return limited(pages.join('\n\n'), maxChars, unread);
}

interface Page {
  readonly heading: string;
  readonly text: string;
}

function decode(bytes: Uint8Array): string | null {
  const mark =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : null;
  if (mark !== null) return new TextDecoder(mark).decode(bytes);
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const text = new TextDecoder('windows-1252').decode(bytes);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: text has none of these
    return /[\u0001-\u0008\u000e-\u001a\u001c-\u001f\u007f]/.test(text) ? null : text;
  }
}

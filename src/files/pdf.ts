import { getDocumentProxy } from 'unpdf';
import type { FileContent } from '../core/ports/files.ts';
import { limited, type TextBounds } from './text.ts';
import { Unreadable } from './unreadable.ts';

/**
 * The text of a PDF, page by page. Scanned pages are not recognised.
 * @throws Unreadable
 */
export async function readPdf(bytes: Uint8Array, { maxChars, maxPages }: TextBounds): Promise<FileContent> {
  const document = await getDocumentProxy(bytes, {
    useSystemFonts: false,
    disableFontFace: true,
    verbosity: 0,
  }).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'PasswordException') {
      throw new Unreadable('It is protected with a password.');
    }
    throw error;
  });
  const { numPages } = document;
  const pages: string[] = [];
  let chars = 0;
  for (let number = 1; number <= Math.min(numPages, maxPages) && chars <= maxChars; number++) {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    const text = items
      .map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : ''))
      .join('')
      .trim();
    page.cleanup();
    pages.push(`[Page ${number}]\n${text}`);
    chars += text.length;
  }
  if (chars === 0) throw new Unreadable('It contains no text, only images of pages.');
  const unread =
    pages.length < numPages
      ? `Only pages 1 to ${pages.length} of ${numPages.toLocaleString('en-US')} were read.`
      : null;
  return limited(pages.join('\n\n'), maxChars, unread);
}

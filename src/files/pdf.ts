import { getDocumentProxy } from 'unpdf';
import type { FileContent } from '../core/ports/files.ts';
import { readPages, type TextBounds, Unreadable } from './text.ts';

/**
 * The text of a PDF, page by page. Scanned pages are not recognised.
 * @throws Unreadable
 */
export async function readPdf(bytes: Uint8Array, bounds: TextBounds): Promise<FileContent> {
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
  const ifEmpty = 'It contains no text, only images of pages.';
  return readPages({ what: 'pages', count: document.numPages, ifEmpty }, bounds, async (index) => {
    const page = await document.getPage(index + 1);
    const { items } = await page.getTextContent();
    const text = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
    page.cleanup();
    return { heading: `Page ${index + 1}`, text: text.trim() };
  });
}

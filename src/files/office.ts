import { strFromU8, unzipSync } from 'fflate';
import type { FileContent } from '../core/ports/files.ts';
import { limited, readPages, type TextBounds, Unreadable } from './text.ts';
import { readSheets } from './xlsx.ts';
import { numbered, type OfficeParts, parseXml } from './xml.ts';

/**
 * The share of the memory limit for unpacked XML: as text it takes twice its bytes, and the text read from it as much again.
 */
const UNPACKED_SHARE = 1 / 8;

/**
 * The text of a Word, Excel or PowerPoint file (Office Open XML), without pictures, formulas and formatting.
 * @throws Unreadable
 */
export async function readOffice(
  bytes: Uint8Array,
  bounds: TextBounds & { readonly maxMemoryBytes: number },
): Promise<FileContent> {
  const parts = unpack(bytes, bounds.maxMemoryBytes * UNPACKED_SHARE);
  if (parts.has('word/document.xml')) return readWord(parts, bounds);
  if (parts.has('xl/workbook.xml')) return readSheets(parts, bounds);
  if (parts.has('ppt/presentation.xml')) return readSlides(parts, bounds);
  throw new Unreadable('Archives cannot be read. Send the files in it instead.');
}

/** The XML parts of a package with text in them. Unpacks no more than the sizes in its directory. */
function unpack(bytes: Uint8Array, maxBytes: number): OfficeParts {
  let total = 0;
  const files = unzipSync(bytes, {
    filter({ name, originalSize }) {
      if (!/^(?:word|xl|ppt)\/.*\.xml(?:\.rels)?$/.test(name)) return false;
      total += originalSize;
      if (total > maxBytes) {
        throw new Unreadable(
          `It unpacks to more than ${Math.round(maxBytes / 1_000_000)} MB of text, which is more than can be read.`,
        );
      }
      return true;
    },
  });
  return new Map(Object.entries(files).map(([name, content]) => [name, strFromU8(content)]));
}

function readWord(parts: OfficeParts, { maxChars }: TextBounds): FileContent {
  const names = ['word/document.xml', 'word/footnotes.xml', 'word/endnotes.xml'];
  const texts = names.map((name) => paragraphs(parts.get(name) ?? '', maxChars));
  return limited(texts.filter((text) => text !== '').join('\n\n'), maxChars);
}

function readSlides(parts: OfficeParts, bounds: TextBounds): Promise<FileContent> {
  const slides = numbered(parts, /^ppt\/slides\/slide(\d+)\.xml$/);
  const { length: count } = slides;
  return readPages({ what: 'slides', count, ifEmpty: 'It contains no text.' }, bounds, (index) => {
    const { number = 0, xml = '' } = slides[index] ?? {};
    const shown = paragraphs(xml, bounds.maxChars);
    const notes = paragraphs(parts.get(`ppt/notesSlides/notesSlide${number}.xml`) ?? '', bounds.maxChars);
    return { heading: `Slide ${number}`, text: `${shown}${notes === '' ? '' : `\nNotes: ${notes}`}` };
  });
}

/** The text of Word and PowerPoint paragraphs, one per line; cells of a table row share a line. */
function paragraphs(xml: string, maxChars: number): string {
  let text = '';
  let isText = false;
  let cellDepth = 0;
  parseXml(xml, {
    open(name) {
      if (name === 't') isText = true;
      else if (name === 'tab') text += '\t';
      else if (name === 'br' || name === 'cr') text += '\n';
      else if (name === 'tc') cellDepth++;
    },
    text(piece) {
      if (isText) text += piece;
    },
    close(name) {
      if (name === 't') isText = false;
      else if (name === 'p') text += cellDepth > 0 ? ' ' : '\n';
      else if (name === 'tc') {
        cellDepth--;
        text = `${text.trimEnd()} | `;
      } else if (name === 'tr') text = `${text.replace(/ \| $/, '')}\n`;
    },
    isEnough: () => text.length > maxChars,
  });
  return text.trim();
}

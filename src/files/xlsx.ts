import type { FileContent } from '../core/ports/files.ts';
import { readPages, type TextBounds } from './text.ts';
import { numbered, type OfficeParts, parseXml } from './xml.ts';

/** Excel's built-in number formats for dates and times (ECMA-376, part 1, 18.8.30). */
const DATE_FORMATS: ReadonlySet<number> = new Set([14, 15, 16, 17, 18, 19, 20, 21, 22, 45, 46, 47]);
/** Days from Excel's origin, 1899-12-30, to 1970-01-01. */
const EPOCH_DAYS = 25_569;
const DAY_MS = 86_400_000;

/**
 * Every sheet as CSV under its name. Formulas show their last value.
 * @throws Unreadable
 */
export function readSheets(parts: OfficeParts, bounds: TextBounds): Promise<FileContent> {
  const names = sheetNames(parts.get('xl/workbook.xml') ?? '');
  const shared = sharedStrings(parts.get('xl/sharedStrings.xml') ?? '');
  const isDate = dateStyles(parts.get('xl/styles.xml') ?? '');
  const sheets = numbered(parts, /^xl\/worksheets\/sheet(\d+)\.xml$/);
  const pages = { what: 'sheets', count: sheets.length, ifEmpty: 'Its cells are empty.' } as const;
  return readPages(pages, bounds, (index, maxChars) => ({
    heading: `Sheet ${names[index] ?? index + 1}`,
    text: readRows(sheets[index]?.xml ?? '', shared, isDate, maxChars),
  }));
}

function sheetNames(xml: string): string[] {
  const names: string[] = [];
  parseXml(xml, {
    open(tag, { name }) {
      if (tag === 'sheet' && name !== undefined) names.push(name);
    },
  });
  return names;
}

function sharedStrings(xml: string): string[] {
  const strings: string[] = [];
  let isText = false;
  let isPhonetic = false;
  let text = '';
  parseXml(xml, {
    open(tag) {
      if (tag === 'si') text = '';
      else if (tag === 'rPh') isPhonetic = true;
      else if (tag === 't') isText = !isPhonetic;
    },
    text(piece) {
      if (isText) text += piece;
    },
    close(tag) {
      if (tag === 't') isText = false;
      else if (tag === 'rPh') isPhonetic = false;
      else if (tag === 'si') strings.push(text);
    },
  });
  return strings;
}

/** Whether each style, by index, shows numbers as dates. */
function dateStyles(xml: string): readonly boolean[] {
  const formats = new Set(DATE_FORMATS);
  const styles: boolean[] = [];
  let isCellStyles = false;
  parseXml(xml, {
    open(tag, { numFmtId = '', formatCode = '' }) {
      if (tag === 'numFmt' && /[dyh]/i.test(formatCode.replace(/"[^"]*"|\\.|\[[^\]]*\]/g, ''))) {
        formats.add(Number(numFmtId));
      } else if (tag === 'cellXfs') isCellStyles = true;
      else if (tag === 'xf' && isCellStyles) styles.push(formats.has(Number(numFmtId)));
    },
    close(tag) {
      if (tag === 'cellXfs') isCellStyles = false;
    },
  });
  return styles;
}

function readRows(
  xml: string,
  shared: readonly string[],
  isDate: readonly boolean[],
  maxChars: number,
): string {
  let csv = '';
  let row: string[] = [];
  let cell = { column: 0, type: '', style: 0, value: '' };
  let isValue = false;
  parseXml(xml, {
    open(tag, { r = '', t = '', s = '' }) {
      if (tag === 'row') row = [];
      else if (tag === 'c') cell = { column: columnOf(r, row.length), type: t, style: Number(s), value: '' };
      else if (tag === 'v' || tag === 't') isValue = true;
    },
    text(piece) {
      if (isValue) cell.value += piece;
    },
    close(tag) {
      if (tag === 'v' || tag === 't') isValue = false;
      else if (tag === 'c') {
        while (row.length < Math.min(cell.column, MAX_COLUMNS)) row.push('');
        row.push(field(cellText(cell, shared, isDate)));
      } else if (tag === 'row' && row.some((value) => value !== '')) csv += `${row.join(',')}\n`;
    },
    isEnough: () => csv.length > maxChars,
  });
  return csv;
}

/** Excel's limit. */
const MAX_COLUMNS = 16_384;

/** `C7` is column 2. Cells may omit their reference. */
function columnOf(reference: string, otherwise: number): number {
  const letters = /^[A-Z]{1,3}/.exec(reference)?.[0];
  if (letters === undefined) return otherwise;
  return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

function cellText(
  { type, style, value }: { readonly type: string; readonly style: number; readonly value: string },
  shared: readonly string[],
  isDate: readonly boolean[],
): string {
  if (type === 's') return shared[Number(value)] ?? '';
  if (type === 'b') return value === '1' ? 'TRUE' : 'FALSE';
  if (type !== '' && type !== 'n') return value;
  const number = Number(value);
  if (value === '' || !isDate[style] || !Number.isFinite(number)) return value;
  const date = new Date(Math.round((number - EPOCH_DAYS) * DAY_MS));
  if (Number.isNaN(date.getTime())) return value;
  const iso = date.toISOString();
  if (number < 1) return iso.slice(11, 19);
  return Number.isInteger(number) ? iso.slice(0, 10) : iso.slice(0, 19).replace('T', ' ');
}

function field(value: string): string {
  return /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

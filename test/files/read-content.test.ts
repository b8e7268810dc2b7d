import { randomFillSync } from 'node:crypto';
import { constants, deflateRawSync, deflateSync } from 'node:zlib';
import { PhotonImage } from '@silvia-odwyer/photon-node';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { fileLimitsOf, readConfig } from '../../src/app/config/config.ts';
import type { FileContent, FileLimits } from '../../src/core/ports/files.ts';
import { createReadContent } from '../../src/files/read-content.ts';
import { createReadHere } from '../support/read-here.ts';
import { docx, officeOf, paragraph, pdfOf, pngClaiming, pptx, xlsx, xlsxOfTimes } from './samples.ts';

const never = new AbortController().signal;

/** With more patience than by default: a busy machine is no hostile file. */
const LIMITS = { ...fileLimitsOf(readConfig({})), timeoutMs: 120_000 };

type Content = string | Uint8Array<ArrayBuffer>;

const bytesOf = (content: Content) =>
  typeof content === 'string' ? new Uint8Array(Buffer.from(content)) : content;

/** On a thread of its own. */
function readApart(name: string, content: Content, limits: Partial<FileLimits> = {}, signal = never) {
  const all = { ...LIMITS, ...limits };
  const readContent = createReadContent({ limits: all, log: pino({ level: 'silent' }) });
  return readContent({ name, bytes: bytesOf(content), maxChars: all.maxChars }, signal);
}

/** In this process, as a thread of its own would. */
function read(name: string, content: Content, limits: Partial<FileLimits> = {}) {
  const all = { ...LIMITS, ...limits };
  return createReadHere(all)({ name, bytes: bytesOf(content), maxChars: all.maxChars }, never);
}

const unreadable = (why: string | RegExp) => ({ kind: 'unreadable', why: expect.stringMatching(why) });

function pictureIn(content: FileContent): PhotonImage {
  if (content.kind !== 'image') throw new Error(`no picture: ${JSON.stringify(content)}`);
  return PhotonImage.new_from_byteslice(Buffer.from(content.image.base64, 'base64'));
}

const xlsxWith = (rows: string, strings = '') =>
  officeOf({
    'xl/workbook.xml': '<workbook/>',
    'xl/sharedStrings.xml': `<sst>${strings}</sst>`,
    'xl/styles.xml':
      '<styleSheet><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
    'xl/worksheets/sheet1.xml': `<worksheet><sheetData>${rows}</sheetData></worksheet>`,
  });

describe('a file', () => {
  it.each([
    ['text', 'a.txt', 'Grüße\r\n', 'Grüße'],
    ['JSON', 'a.json', '{"a": 1}', '{"a": 1}'],
    ['UTF-16', 'a.csv', new Uint8Array(Buffer.from('\ufeffa;b', 'utf16le')), 'a;b'],
    ['UTF-16 with the high byte first', 'a.csv', new Uint8Array([0xfe, 0xff, 0, 0x61, 0x26, 0x3a]), 'a☺'],
    [
      'old Western text that begins like a mark',
      'a.txt',
      new Uint8Array([0xfe, 0x61, 0x0a, 0xff, 0x61]),
      'þa\nÿa',
    ],
    [
      'a tab and breaks in Word',
      'a.docx',
      docx('<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:cr/><w:t>d</w:t></w:r></w:p>'),
      'a\tb\nc\nd',
    ],
    [
      'Japanese in Excel, without how it is said',
      'a.xlsx',
      xlsxWith(
        '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>',
        '<si><t>東京</t><rPh><t>トウキョウ</t></rPh></si><si><t>b</t></si>',
      ),
      '[Sheet 1]\n東京,b',
    ],
    [
      'truth, faults and words of formulas in Excel',
      'a.xlsx',
      xlsxWith(
        '<row><c t="b"><v>1</v></c><c t="b"><v>0</v></c><c t="e"><v>#N/A</v></c><c t="str" s="1"><v>7</v></c><c t="inlineStr"><is><t>in</t></is></c><c t="s"><v>9</v></c></row>',
      ),
      '[Sheet 1]\nTRUE,FALSE,#N/A,7,in,',
    ],
    [
      'numbers in Excel, dates or not',
      'a.xlsx',
      xlsxWith(
        '<row><c t="n" s="1"><v>46355</v></c><c s="0"><v>46355</v></c><c s="1"><v>1e99</v></c><c s="1"><v></v></c><c s="1"><v>x</v></c></row>',
      ),
      '[Sheet 1]\n2026-11-29,46355,1e99,,x',
    ],
    [
      'columns far to the right in Excel, and no empty rows',
      'a.xlsx',
      xlsxWith('<row><c r="A1"><v></v></c></row><row><c r="AB2"><v>1</v></c><c><v>2</v></c></row>'),
      `[Sheet 1]\n${','.repeat(27)}1,2`,
    ],
    ['lines in a PDF', 'a.pdf', pdfOf(['one\ntwo']), '[Page 1]\none\ntwo'],
    ['old Western text', 'a.txt', new Uint8Array([0x47, 0x72, 0xfc, 0xdf, 0x65]), 'Grüße'],
    ['Word', 'a.docx', docx(paragraph('One') + paragraph('Two &amp; three')), 'One\nTwo & three'],
    [
      'notes in Word, after the text and without what else the package has',
      'a.docx',
      officeOf({
        'word/endnotes.xml': `<w:endnotes>${paragraph('at the end')}</w:endnotes>`,
        'word/footnotes.xml': `<w:footnotes>${paragraph('at the foot')}</w:footnotes>`,
        'word/comments.xml': `<w:comments>${paragraph('in the margin')}</w:comments>`,
        'word/document.xml': `<w:document>${paragraph('in the text')}</w:document>`,
      }),
      'in the text\n\nat the foot\n\nat the end',
    ],
    [
      'a table in Word',
      'a.docx',
      docx(
        `<w:tbl><w:tr><w:tc>${paragraph('a')}</w:tc><w:tc>${paragraph('b')}</w:tc></w:tr></w:tbl>${paragraph('c')}`,
      ),
      'a | b\nc',
    ],
    ['Excel', 'a.xlsx', xlsx, '[Sheet Sales]\nDay,,"Sum, USD"\n2026-11-29,,12.5'],
    [
      'days and times in Excel',
      'a.xlsx',
      xlsxOfTimes,
      '[Sheet 1]\n2026-11-29,2026-11-29 18:00:00,18:00:00,07:30:00',
    ],
    ['PowerPoint', 'a.pptx', pptx, '[Slide 1]\nPlan\n\n[Slide 2]\nBudget\nNotes: Ask Bob'],
    ['PDF', 'a.pdf', pdfOf(['First (page)', 'Second']), '[Page 1]\nFirst (page)\n\n[Page 2]\nSecond'],
  ] as const)('is read as text: %s', async (_kind, name, content, text) => {
    expect(await read(name, content)).toEqual({ kind: 'text', text, unread: null });
  });

  it('says what was not read of it', async () => {
    expect(await read('a.txt', 'x'.repeat(30), { maxChars: 20 })).toMatchObject({
      text: 'x'.repeat(20),
      unread: 'Only its first 20 characters were read.',
    });
    expect(await read('a.txt', 'x'.repeat(20), { maxChars: 20 })).toMatchObject({ unread: null });
    expect(await read('a.txt', `${'x'.repeat(19)}😀`, { maxChars: 20 })).toMatchObject({
      text: 'x'.repeat(19),
    });
    expect(await read('a.txt', 'x', { maxChars: 0 })).toEqual(
      unreadable('The other files already use up the limit for text.'),
    );
    expect(await read('a.pdf', pdfOf(['1', '2', '3']), { maxPages: 3 })).toMatchObject({ unread: null });
    expect(await read('a.pdf', pdfOf(['1', '2', '3']), { maxPages: 2 })).toMatchObject({
      unread: 'Only pages 1 to 2 of 3 were read.',
    });
  });

  it('is a picture: as it is if it is small', async () => {
    const png = new PhotonImage(new Uint8Array(20 * 10 * 4).fill(90), 20, 10).get_bytes();
    const base64 = Buffer.from(png).toString('base64');
    expect(await read('a.bin', new Uint8Array(png))).toEqual({
      kind: 'image',
      image: { type: 'image', mediaType: 'image/png', base64 },
    });
  });

  it('is a picture: made smaller if it is large', async () => {
    const large = new PhotonImage(new Uint8Array(1_600 * 400 * 4).fill(90), 1_600, 400).get_bytes_jpeg(80);
    const content = await read('a.jpg', new Uint8Array(large));
    if (content.kind !== 'image') throw new Error(`no picture: ${JSON.stringify(content)}`);
    const small = PhotonImage.new_from_byteslice(Buffer.from(content.image.base64, 'base64'));
    expect([small.get_width(), small.get_height()]).toEqual([1_568, 392]);
  });

  // The corner of the top left one, and whether width and height change places (CIPA DC-008, 4.6.4).
  it.each([
    [1, 'top left', false],
    [2, 'top right', false],
    [3, 'bottom right', false],
    [4, 'bottom left', false],
    [5, 'top left', true],
    [6, 'top right', true],
    [7, 'bottom right', true],
    [8, 'bottom left', true],
  ] as const)(
    'is turned as its EXIF says when it is made smaller: %d',
    async (orientation, corner, isTurned) => {
      const [width, height] = [1_600, 200];
      const pixels = new Uint8Array(width * height * 4).fill(255);
      // A quarter is black.
      for (let y = 0; y < height / 2; y++) pixels.fill(0, y * width * 4, y * width * 4 + width * 2);
      for (let at = 3; at < pixels.length; at += 4) pixels[at] = 255;
      const jpeg = new PhotonImage(pixels, width, height).get_bytes_jpeg(90);
      const exif = Buffer.from(
        `ffe100224578696600004d4d002a0000000800010112000300000001000${orientation}000000000000`,
        'hex',
      );
      const marked = Buffer.concat([jpeg.subarray(0, 2), exif, jpeg.subarray(2)]);
      const small = pictureIn(await read('a.jpg', new Uint8Array(marked)));
      const [shownWidth, shownHeight] = [small.get_width(), small.get_height()];
      expect([shownWidth, shownHeight]).toEqual(isTurned ? [196, 1_568] : [1_568, 196]);
      const red = small.get_raw_pixels();
      const isDark = (x: number, y: number) =>
        (red[(Math.floor(y * shownHeight) * shownWidth + Math.floor(x * shownWidth)) * 4] ?? -1) < 50;
      const corners = {
        'top left': isDark(0.2, 0.2),
        'top right': isDark(0.8, 0.2),
        'bottom left': isDark(0.2, 0.8),
        'bottom right': isDark(0.8, 0.8),
      };
      const dark = Object.entries(corners).flatMap(([name, is]) => (is ? [name] : []));
      expect(dark).toEqual([corner]);
    },
  );

  it('is a picture: made smaller if a side or its bytes are too many, and no sooner', async () => {
    const pngOf = (width: number, height: number, fill: (bytes: Uint8Array) => void) => {
      const pixels = new Uint8Array(width * height * 4);
      fill(pixels);
      return new Uint8Array(new PhotonImage(pixels, width, height).get_bytes());
    };
    const plain = (pixels: Uint8Array) => void pixels.fill(90);
    const sizeAndType = async (png: Uint8Array<ArrayBuffer>) => {
      const content = await read('a.png', png);
      const picture = pictureIn(content);
      return [content.kind === 'image' && content.image.mediaType, picture.get_width(), picture.get_height()];
    };
    expect(await sizeAndType(pngOf(1_568, 10, plain))).toEqual(['image/png', 1_568, 10]);
    expect(await sizeAndType(pngOf(10, 1_570, plain))).toEqual(['image/jpeg', 10, 1_568]);
    // Never to nothing.
    expect(await sizeAndType(pngOf(4_000, 1, plain))).toEqual(['image/jpeg', 1_568, 1]);
    const noise = pngOf(1_000, 1_000, (pixels) => void randomFillSync(pixels));
    expect(noise.length).toBeGreaterThan(3_500_000);
    expect(await sizeAndType(noise)).toEqual(['image/jpeg', 1_000, 1_000]);
  });

  it('is a picture also as WebP, and no other kind of its container is', async () => {
    const webp = new PhotonImage(new Uint8Array(20 * 10 * 4).fill(90), 20, 10).get_bytes_webp();
    const content = await read('a.bin', new Uint8Array(webp));
    expect(content.kind === 'image' && content.image.mediaType).toBe('image/webp');
    expect(await read('a.wav', 'RIFF\0\0\0\0WAVEfmt ')).toEqual(unreadable(/A \.wav file cannot be read/));
  });
});

describe('a thread for a file', () => {
  it.each([
    ['text', 'a.txt', 'One', { kind: 'text', text: 'One', unread: null }],
    ['Word', 'a.docx', docx(paragraph('One')), { kind: 'text', text: 'One', unread: null }],
    ['PDF', 'a.pdf', pdfOf(['One']), { kind: 'text', text: '[Page 1]\nOne', unread: null }],
    ['what cannot be read', 'a.exe', 'MZ\0\0\0', unreadable(/A \.exe file cannot be read\. Send text/)],
    ['what is damaged', 'a.pdf', pdfOf(['x']).slice(0, 60), unreadable(/damaged/)],
  ] as const)('reads it, and takes its bytes: %s', async (_kind, name, content, expected) => {
    const bytes = bytesOf(content);
    expect(await readApart(name, bytes)).toEqual(expected);
    expect(bytes.buffer.detached).toBe(true);
  });

  it('makes pictures smaller, and reads no further than the limits', async () => {
    const large = new PhotonImage(new Uint8Array(1_600 * 400 * 4).fill(90), 1_600, 400).get_bytes_jpeg(80);
    const small = pictureIn(await readApart('a.jpg', new Uint8Array(large)));
    expect([small.get_width(), small.get_height()]).toEqual([1_568, 392]);
    expect(await readApart('a.pdf', pdfOf(['1', '2', '3']), { maxPages: 2 })).toMatchObject({
      unread: 'Only pages 1 to 2 of 3 were read.',
    });
    expect(await readApart('a.txt', 'x'.repeat(30), { maxChars: 16 })).toMatchObject({
      text: 'x'.repeat(16),
    });
  });
});

/** The least that can be set: what passes it is soon made. */
const LITTLE = { maxMemoryBytes: 64_000_000 };

describe('a hostile file', () => {
  it.each([
    ['a program', 'a.exe', 'MZ\0\0\0', /A \.exe file cannot be read\. Send text/],
    ['an archive', 'a.zip', officeOf({ 'readme.txt': 'x' }), /Archives cannot be read/],
    ['a program without an ending', 'README', 'MZ\0\0\0', /^This kind of file cannot be read/],
    ['control characters', 'a.txt', new Uint8Array([0xfc, 0x02]), /A \.txt file cannot be read/],
    ['a picture without an area', 'a.png', pngClaiming(0, 10), /format is not supported/],
    [
      'a PDF with a password',
      'a.pdf',
      new Uint8Array(
        Buffer.from(
          Buffer.from(pdfOf(['x']))
            .toString('latin1')
            .replace(
              'trailer <<',
              `trailer << /ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <${'11'.repeat(32)}> /U <${'22'.repeat(32)}> >>`,
            ),
          'latin1',
        ),
      ),
      /protected with a password/,
    ],
    ['nothing', 'a.txt', '  \n', /no text/],
    ['half a PDF', 'a.pdf', pdfOf(['x']).slice(0, 60), /damaged/],
    ['a PDF of pictures', 'a.pdf', pdfOf(['', '']), /no text, only images of pages/],
    ['half an archive', 'a.docx', docx(paragraph('x')).slice(0, 100), /damaged/],
    ['a picture that is none', 'a.png', new Uint8Array(Buffer.from('89504e470d0a1a0a00', 'hex')), /damaged/],
    ['a picture of 10 gigapixels', 'a.png', pngClaiming(100_000, 100_000), /100,000 × 100,000 pixels/],
    [
      'entities that multiply',
      'a.docx',
      officeOf({
        'word/document.xml':
          '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><w:p><w:t>&b;</w:t></w:p>',
      }),
      /damaged/,
    ],
  ])('ends with a clear line: %s', async (_what, name, content, why) => {
    expect(await read(name, content)).toEqual(unreadable(why));
  });

  it('is not unpacked beyond its share of the memory', async () => {
    const bomb = docx(paragraph('a'.repeat(9_000_000)));
    expect(bomb.length).toBeLessThan(100_000);
    expect(await readApart('a.docx', bomb, LITTLE)).toEqual(unreadable(/unpacks to more than 8 MB/));
  });

  it('takes no more memory than it may: a PDF that unpacks to 400 MB', async () => {
    // Each megabyte is packed by itself, so that one can stand for all.
    const megabyte = deflateRawSync(Buffer.alloc(1_000_000, ' '), { finishFlush: constants.Z_FULL_FLUSH });
    const packed = Buffer.concat([Buffer.of(0x78, 0x01), ...Array<Buffer>(400).fill(megabyte)]);
    const twice = deflateSync(packed, { level: 9 }).toString('latin1');
    const page = (length: number) =>
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 5 0 R /Length ${length} >>`;
    const objects = [
      '<< /Type /Catalog /Pages 2 0 R >>',
      '<< /Type /Pages /Count 1 /Kids [4 0 R] >>',
      '<< >>',
      page(1),
      `<< /Length ${twice.length} /Filter [/FlateDecode /FlateDecode] >>\nstream\n${twice}\nendstream`,
    ];
    const body = objects.map((object, index) => `${index + 1} 0 obj\n${object}\nendobj\n`).join('');
    const pdf = `%PDF-1.4\n${body}trailer << /Root 1 0 R >>`;
    const before = process.memoryUsage().rss;
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 20);
    const content = await readApart('a.pdf', new Uint8Array(Buffer.from(pdf, 'latin1')), LITTLE);
    clearInterval(watch);
    expect(content).toEqual(unreadable(/more than 64 MB of memory/));
    expect(most - before).toBeLessThan(1_000_000_000);
  });

  it('of two thousand pages is read as far as it may be', async () => {
    const pages = Array.from({ length: 2_000 }, (_, index) => `Page number ${index + 1}`);
    const content = await readApart('a.pdf', pdfOf(pages));
    expect(content).toMatchObject({ kind: 'text', unread: 'Only pages 1 to 50 of 2,000 were read.' });
  });

  it('that takes too long ends with a clear line', async () => {
    expect(await readApart('a.pdf', pdfOf(['x']), { timeoutMs: 1 })).toEqual(unreadable(/more than 0.001 s/));
  });

  it('ends with the question that it came with', async () => {
    const stop = new AbortController();
    const reading = readApart('a.pdf', pdfOf(['x']), {}, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(reading).rejects.toThrow('stopped');
  });
});

import { strToU8, zipSync } from 'fflate';

type Bytes = Uint8Array<ArrayBuffer>;

/** A PDF with a line of text on each page. */
export function pdfOf(pages: readonly string[], extra: readonly string[] = []): Bytes {
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((_, index) => `${4 + 2 * index} 0 R`).join(' ')}] >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    ...pages.flatMap((text, index) => {
      const lines = text.split('\n').map((line) => `(${line.replace(/[()\\]/g, '\\$&')}) Tj T*`);
      const stream = `BT /F1 12 Tf 14 TL 40 780 Td ${lines.join(' ')} ET`;
      return [
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + 2 * index} 0 R >>`,
        `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
      ];
    }),
    ...extra,
  ];
  let pdf = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const at = pdf.length;
    pdf += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const xref = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('');
  const at = pdf.length;
  pdf += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${xref}trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF`;
  return new Uint8Array(Buffer.from(pdf, 'latin1'));
}

/** A package of Office, by path and XML. */
export function officeOf(parts: Readonly<Record<string, string>>): Bytes {
  return zipSync(
    Object.fromEntries(Object.entries(parts).map(([name, xml]) => [name, strToU8(xml)])),
  ) as Bytes;
}

export const docx = (body: string) =>
  officeOf({
    'word/document.xml': `<?xml version="1.0"?><w:document xmlns:w="w"><w:body>${body}</w:body></w:document>`,
  });

export const paragraph = (text: string) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`;

export const xlsx = officeOf({
  'xl/workbook.xml': '<workbook><sheets><sheet name="Sales" sheetId="1"/></sheets></workbook>',
  'xl/sharedStrings.xml': '<sst><si><t>Day</t></si><si><r><t>Sum, </t></r><r><t>USD</t></r></si></sst>',
  'xl/styles.xml': '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
  'xl/worksheets/sheet1.xml':
    '<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>' +
    '<row r="2"><c r="A2" s="1"><v>46355</v></c><c r="C2"><v>12.5</v></c></row></sheetData></worksheet>',
});

/** A day, a day with a time, and two times; one in a format of Excel's own, the other in one of the file's. */
export const xlsxOfTimes = officeOf({
  'xl/workbook.xml': '<workbook/>',
  'xl/styles.xml':
    '<styleSheet><numFmts><numFmt numFmtId="164" formatCode="h:mm"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/><xf numFmtId="164"/></cellXfs></styleSheet>',
  'xl/worksheets/sheet1.xml':
    '<worksheet><sheetData><row><c s="1"><v>46355</v></c><c s="1"><v>46355.75</v></c><c s="1"><v>0.75</v></c><c s="2"><v>0.3125</v></c></row></sheetData></worksheet>',
});

export const pptx = officeOf({
  'ppt/presentation.xml': '<p:presentation xmlns:p="p"/>',
  'ppt/slides/slide1.xml': '<p:sld xmlns:p="p" xmlns:a="a"><a:p><a:r><a:t>Plan</a:t></a:r></a:p></p:sld>',
  'ppt/slides/slide2.xml': '<p:sld xmlns:p="p" xmlns:a="a"><a:p><a:r><a:t>Budget</a:t></a:r></a:p></p:sld>',
  'ppt/notesSlides/notesSlide2.xml':
    '<p:n xmlns:p="p" xmlns:a="a"><a:p><a:r><a:t>Ask Bob</a:t></a:r></a:p></p:n>',
});

/** A PNG's header that claims so many pixels, and nothing behind it. */
export function pngClaiming(width: number, height: number): Bytes {
  const bytes = new Uint8Array(
    Buffer.from('89504e470d0a1a0a0000000d49484452000000000000000008060000', 'hex'),
  );
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}

import { SaxesParser } from 'saxes';

/** Parts of a package, by path. */
export type OfficeParts = ReadonlyMap<string, string>;

/** The parts with a number in their names, in order of number. */
export function numbered(parts: OfficeParts, pattern: RegExp) {
  return [...parts]
    .flatMap(([name, xml]) => {
      const number = pattern.exec(name)?.[1];
      return number === undefined ? [] : [{ number: Number(number), xml }];
    })
    .sort((a, b) => a.number - b.number);
}

interface XmlHandler {
  /** The name has no namespace prefix. */
  open(name: string, attributes: Readonly<Record<string, string>>): void;
  text?(piece: string): void;
  close?(name: string): void;
  /** Whether to stop parsing. Never by default. */
  isEnough?(): boolean;
}

/** Characters parsed between two calls of `isEnough`. */
const CHUNK_CHARS = 65_536;

/** Parses XML piece by piece. Entities other than XML's own are an error, so that none can be expanded. */
export function parseXml(xml: string, handler: XmlHandler): void {
  const parser = new SaxesParser();
  const local = (name: string) => name.slice(name.indexOf(':') + 1);
  parser.on('opentag', ({ name, attributes }) => handler.open(local(name), attributes));
  parser.on('text', (piece) => handler.text?.(piece));
  parser.on('closetag', ({ name }) => handler.close?.(local(name)));
  parser.on('error', (error) => {
    throw error;
  });
  for (let at = 0; at < xml.length && !handler.isEnough?.(); at += CHUNK_CHARS) {
    parser.write(xml.slice(at, at + CHUNK_CHARS));
  }
}

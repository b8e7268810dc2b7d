import { createParser, type EventSourceParser } from 'eventsource-parser';
import { asObject, parseJson } from '../../kit/json.ts';
import { type ChunkHandlers, Chunks } from './chunks.ts';

/** The kind of body, judged by its beginning, because content types are often wrong. */
type Shape = 'events' | 'document' | 'lines' | 'page';

/** Well above a line with an 8 MiB image in base64. A server that sends more is broken or hostile. */
const MAX_LINE_CHARS = 16 * 1024 * 1024;

export class TooLong extends Error {
  override readonly name = 'TooLong';
}

/**
 * Splits the text of a body into the JSON objects of an answer. Reads server-sent events, one JSON document (an object or a list
 * of them), and one JSON object per line. A bare object among events counts too. HTML pages are skipped.
 */
export class Framing {
  /** Null until something other than white space came. */
  shape: Shape | null = null;
  /** Whether there was a line of server-sent events, or an object. */
  hasContent = false;
  readonly #chunks: Chunks;
  readonly #parser: EventSourceParser;
  /** Text whose line break has not come yet; for a document, all of it. */
  readonly #pending: string[] = [];
  #pendingChars = 0;

  constructor(handlers: ChunkHandlers) {
    this.#chunks = new Chunks(handlers);
    this.#parser = createParser({
      maxBufferSize: MAX_LINE_CHARS,
      onEvent: ({ event, data }) => this.#takeData(data, event),
      onComment: () => {
        this.hasContent = true;
      },
      onError: ({ type, line = '' }) => {
        if (type === 'max-buffer-size-exceeded') throw new TooLong();
        if (line.startsWith('{') || line.startsWith('[')) this.#takeData(line);
      },
    });
  }

  /** @throws TooLong if a line or document exceeds 16 Mi characters */
  push(text: string): void {
    try {
      this.#read(text);
    } finally {
      // Chunks from before a fault count too.
      this.#chunks.flush();
    }
  }

  /** Ends the body. A last line without a line break still counts. */
  end(): void {
    const rest = this.#release();
    if (this.shape === 'events') this.#parser.feed(`${rest}\n\n`);
    else if (this.shape === 'lines') this.#takeData(rest);
    else if (this.shape === 'document') {
      const value = parseJson(rest);
      this.hasContent = value !== undefined;
      if (this.hasContent) this.#chunks.takeValue(value, undefined, rest.length);
    }
    this.#chunks.flush();
  }

  #read(text: string): void {
    if (this.shape === 'events') this.#parser.feed(this.#linesWith(text));
    else if (this.shape === 'document') this.#pushDocument(text);
    else if (this.shape === 'lines') this.#pushLines(text);
    else if (this.shape === null) {
      this.#hold(text);
      const start = text.trimStart()[0];
      if (start === undefined) return;
      this.shape = start === '{' || start === '[' ? 'document' : start === '<' ? 'page' : 'events';
      this.#read(this.#release());
    }
  }

  #pushDocument(text: string): void {
    const isFirstLine = !this.#pending.some((piece) => piece.includes('\n'));
    this.#hold(text);
    if (!isFirstLine || !text.includes('\n')) return;
    // The document spans several lines, so its first line did not parse alone.
    const all = this.#release();
    const firstLine = all.slice(0, all.indexOf('\n'));
    if (asObject(parseJson(firstLine)) === null) this.#hold(all);
    else {
      this.shape = 'lines';
      this.#pushLines(all);
    }
  }

  #pushLines(text: string): void {
    for (const line of this.#linesWith(text).split(/[\r\n]+/)) this.#takeData(line);
  }

  /** The complete lines so far. Pieces are joined once per line, however many there were. */
  #linesWith(text: string): string {
    const end = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1;
    this.#hold(end === 0 ? text : text.slice(0, end));
    if (end === 0) return '';
    const lines = this.#release();
    if (end < text.length) this.#hold(text.slice(end));
    return lines;
  }

  #takeData(data: string, event?: string): void {
    this.hasContent = true;
    this.#chunks.take(data, event);
  }

  #hold(text: string): void {
    this.#pending.push(text);
    this.#pendingChars += text.length;
    if (this.#pendingChars > MAX_LINE_CHARS) throw new TooLong();
  }

  #release(): string {
    const text = this.#pending.length === 1 ? (this.#pending[0] as string) : this.#pending.join('');
    // Emptied instead of replaced: a list that grew old would keep its text until the next full collection.
    this.#pending.length = 0;
    this.#pendingChars = 0;
    return text;
  }
}

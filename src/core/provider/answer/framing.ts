import { createParser } from 'eventsource-parser';
import { asObject, parseJson } from '../../kit/json.ts';
import { type ChunkHandlers, createChunks } from './chunks.ts';

/** The kind of body, judged by its beginning, because content types are often wrong. */
type Shape = 'events' | 'document' | 'lines' | 'page';

/** Splits the text of a body into the JSON objects of an answer. */
export interface Framing {
  /** @throws TooLong if a line or document exceeds 16 Mi characters */
  push(text: string): void;
  /** Ends the body. A last line without a line break still counts. */
  end(): void;
  /** Null until something other than white space came. */
  readonly shape: Shape | null;
  /** Whether there was a line of server-sent events, or an object. */
  readonly hasContent: boolean;
}

/** Well above a line with an 8 MiB image in base64. A server that sends more is broken or hostile. */
const MAX_LINE_CHARS = 16 * 1024 * 1024;

export class TooLong extends Error {
  override readonly name = 'TooLong';
}

/**
 * Reads server-sent events, one JSON document (an object or a list of them), and one JSON object per line. A bare object
 * among events counts too. HTML pages are skipped.
 */
export function createFraming(handlers: ChunkHandlers): Framing {
  const chunks = createChunks(handlers);
  /** Text whose line break has not come yet; for a document, all of it. */
  let pending: string[] = [];
  let pendingChars = 0;

  function takeData(data: string, event?: string): void {
    framing.hasContent = true;
    chunks.take(data, event);
  }

  const parser = createParser({
    maxBufferSize: MAX_LINE_CHARS,
    onEvent: ({ event, data }) => takeData(data, event),
    onComment() {
      framing.hasContent = true;
    },
    onError({ type, line = '' }) {
      if (type === 'max-buffer-size-exceeded') throw new TooLong();
      if (line.startsWith('{') || line.startsWith('[')) takeData(line);
    },
  });

  function hold(text: string): void {
    pending.push(text);
    pendingChars += text.length;
    if (pendingChars > MAX_LINE_CHARS) throw new TooLong();
  }

  function release(): string {
    const text = pending.length === 1 ? (pending[0] as string) : pending.join('');
    pending = [];
    pendingChars = 0;
    return text;
  }

  /** The complete lines so far. Pieces are joined once per line, however many there were. */
  function linesWith(text: string): string {
    const end = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1;
    if (end === 0) {
      hold(text);
      return '';
    }
    hold(text.slice(0, end));
    const lines = release();
    if (end < text.length) hold(text.slice(end));
    return lines;
  }

  function pushDocument(text: string): void {
    const isFirstLine = !pending.some((piece) => piece.includes('\n'));
    hold(text);
    if (!isFirstLine || !text.includes('\n')) return;
    // The document spans several lines, so its first line did not parse alone.
    const all = release();
    const firstLine = all.slice(0, all.indexOf('\n'));
    if (asObject(parseJson(firstLine)) === null) hold(all);
    else {
      framing.shape = 'lines';
      pushLines(all);
    }
  }

  function pushLines(text: string): void {
    for (const line of linesWith(text).split(/[\r\n]+/)) takeData(line);
  }

  function read(text: string): void {
    if (framing.shape === 'events') parser.feed(linesWith(text));
    else if (framing.shape === 'document') pushDocument(text);
    else if (framing.shape === 'lines') pushLines(text);
    else if (framing.shape === null) {
      hold(text);
      const start = text.trimStart()[0];
      if (start === undefined) return;
      framing.shape = start === '{' || start === '[' ? 'document' : start === '<' ? 'page' : 'events';
      read(release());
    }
  }

  const framing: { -readonly [K in keyof Framing]: Framing[K] } = {
    shape: null,
    hasContent: false,
    push(text) {
      try {
        read(text);
      } finally {
        // Chunks from before a fault count too.
        chunks.flush();
      }
    },
    end() {
      const rest = release();
      if (framing.shape === 'events') parser.feed(`${rest}\n\n`);
      else if (framing.shape === 'lines') takeData(rest);
      else if (framing.shape === 'document') {
        const value = parseJson(rest);
        framing.hasContent = value !== undefined;
        if (framing.hasContent) chunks.takeValue(value, undefined, rest.length);
      }
      chunks.flush();
    },
  };
  return framing;
}

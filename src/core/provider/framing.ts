import { createParser } from 'eventsource-parser';
import { asObject, type JsonObject, parseJson } from '../kit/json.ts';

/** What a body turned out to be, by how it begins: labels are often wrong. */
type Shape = 'events' | 'document' | 'lines' | 'page';

export interface FramingHandlers {
  /** A JSON object of the answer, with the type of its event. */
  onChunk(chunk: JsonObject, event: string | undefined): void;
  /** `[DONE]`: what comes behind it is no part of the answer. */
  onDone(): void;
  /** A line, or an event of so many characters, that is no JSON object. */
  onBroken(chars: number): void;
}

/** Cuts the text of a body into the JSON objects of an answer. */
export interface Framing {
  /** @throws TooLong if a line, or a document, is longer than 16 Mi characters. */
  push(text: string): void;
  /** At the end of the body: a last line without its line break still counts. */
  end(): void;
  /** Null until something other than white space has come. */
  readonly shape: Shape | null;
  /** Whether there was a line of server-sent events, or an object. */
  readonly hasContent: boolean;
}

/** Far above any line that carries an image of 8 MiB in base64; a server that sends a longer one is broken or hostile. */
const MAX_LINE_CHARS = 16 * 1024 * 1024;

export class TooLong extends Error {
  override readonly name = 'TooLong';
}

/**
 * Knows server-sent events, one JSON document (an object, or a list of them), and JSON objects on lines of their own; an object
 * that stands bare among events counts as one. A page is HTML: nothing in it is read.
 */
export function createFraming({ onChunk, onDone, onBroken }: FramingHandlers): Framing {
  let shape: Shape | null = null;
  let hasContent = false;
  let isDone = false;
  /** What is still without its line break; of a document, all of it. */
  let pending: string[] = [];
  let pendingChars = 0;

  function take(value: unknown, event: string | undefined, chars: number): void {
    if (isDone) return;
    if (Array.isArray(value) && value.length > 0) {
      for (const item of value) take(item, event, chars);
      return;
    }
    const chunk = asObject(value);
    if (chunk === null) onBroken(chars);
    else onChunk(chunk, event);
  }

  function takeData(data: string, event?: string): void {
    const trimmed = data.trim();
    hasContent = true;
    // An empty line of data is some servers' way to keep the connection alive.
    if (isDone || trimmed === '') return;
    if (trimmed === '[DONE]') {
      isDone = true;
      onDone();
    } else take(parseJson(trimmed), event, data.length);
  }

  const parser = createParser({
    maxBufferSize: MAX_LINE_CHARS,
    onEvent: ({ event, data }) => takeData(data, event),
    onComment() {
      hasContent = true;
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

  /** Whole lines, as soon as they are there: put together once, however many pieces they came in. */
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
    // A document on several lines has no first line that could stand alone.
    const all = release();
    const firstLine = all.slice(0, all.indexOf('\n'));
    if (asObject(parseJson(firstLine)) === null) hold(all);
    else {
      shape = 'lines';
      pushLines(all);
    }
  }

  function pushLines(text: string): void {
    for (const line of linesWith(text).split(/[\r\n]+/)) takeData(line);
  }

  function push(text: string): void {
    if (shape === 'events') parser.feed(linesWith(text));
    else if (shape === 'document') pushDocument(text);
    else if (shape === 'lines') pushLines(text);
    else if (shape === null) {
      hold(text);
      const start = text.trimStart()[0];
      if (start === undefined) return;
      shape = start === '{' || start === '[' ? 'document' : start === '<' ? 'page' : 'events';
      push(release());
    }
  }

  return {
    push,
    end() {
      const rest = release();
      if (shape === 'events') parser.feed(`${rest}\n\n`);
      else if (shape === 'lines') takeData(rest);
      else if (shape === 'document') {
        const value = parseJson(rest);
        hasContent = value !== undefined;
        if (hasContent) take(value, undefined, rest.length);
      }
    },
    get shape() {
      return shape;
    },
    get hasContent() {
      return hasContent;
    },
  };
}

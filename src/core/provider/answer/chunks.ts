import { asArray, asObject, type JsonObject, parseJson } from '../../kit/json.ts';
import { readUsage } from './usage.ts';

export interface ChunkHandlers {
  /** Called with a JSON object of the answer, and the type of its event. */
  onChunk(chunk: JsonObject, event: string | undefined): void;
  /** Called at `[DONE]`. Nothing after it belongs to the answer. */
  onDone(): void;
  /** Called with the length of a line or event that is not a JSON object. */
  onBroken(chars: number): void;
}

/** The text of a chunk around its content, which is the same in successive chunks. */
interface Frame {
  readonly head: string;
  readonly tail: string;
  readonly event: string | undefined;
}

/** Text that stands for itself between quotation marks: https://www.rfc-editor.org/rfc/rfc8259#section-7 */
const PLAIN = /^[^"\\\p{Cc}]*$/u;
/** Some providers put something random into each chunk, as OpenAI does against listeners who know the length of words. */
const MAX_VAIN_FRAMES = 8;
/** A frame is kept for as long as the answer streams. Usual ones have 300 characters. */
const MAX_FRAME_CHARS = 4_096;

/**
 * Parses the chunks of an answer. Chunks that arrive together and differ only in their content become one: a model's words come
 * as chunks of about 300 bytes that are the same around a few letters, and under load a read brings dozens of them.
 */
export class Chunks {
  readonly #handlers: ChunkHandlers;
  #isDone = false;
  #frame: Frame | null = null;
  /** The number of chunks that wait; all fit the frame. */
  #pieces = 0;
  #content = '';
  /** The one chunk that waits, if there are no more. */
  #single = '';
  /** Frames in a row that fitted no other chunk. */
  #vainFrames = 0;

  constructor(handlers: ChunkHandlers) {
    this.#handlers = handlers;
  }

  /** Takes the data of an event, or a line. Its chunk may wait for `flush`. */
  take(data: string, event?: string): void {
    const json = data.trim();
    // Some servers send empty data lines to keep the connection alive.
    if (this.#isDone || json === '') return;
    const piece = this.#frame && pieceIn(this.#frame, json, event);
    if (piece !== null && PLAIN.test(piece)) {
      this.#pieces++;
      this.#content += piece;
      this.#single = json;
      this.#vainFrames = 0;
      return;
    }
    this.flush();
    if (json === '[DONE]') {
      this.#isDone = true;
      this.#handlers.onDone();
    } else this.#takeJson(json, event, piece === null);
  }

  #takeJson(json: string, event: string | undefined, isOdd: boolean): void {
    const value = parseJson(json);
    if (isOdd && this.#vainFrames < MAX_VAIN_FRAMES) {
      this.#frame = frameOf(json, event, asObject(value));
      if (this.#frame !== null) this.#vainFrames++;
    }
    this.takeValue(value, event, json.length);
  }

  /** Takes a value that is already parsed, of so many characters. */
  takeValue(value: unknown, event: string | undefined, chars: number): void {
    if (this.#isDone) return;
    if (Array.isArray(value) && value.length > 0) {
      for (const item of value) this.takeValue(item, event, chars);
      return;
    }
    const chunk = asObject(value);
    if (chunk === null) this.#handlers.onBroken(chars);
    else this.#handlers.onChunk(chunk, event);
  }

  /** Passes on what waits. To be called after each read. */
  flush(): void {
    if (this.#frame === null || this.#pieces === 0) return;
    const { head, tail, event } = this.#frame;
    const json = this.#pieces === 1 ? this.#single : head + this.#content + tail;
    this.#pieces = 0;
    this.#content = '';
    this.#single = '';
    this.takeValue(parseJson(json), event, json.length);
  }
}

/** The chunk's content as JSON; null if the chunk differs in anything else. Slices, because `startsWith` takes ten times as long. */
function pieceIn({ head, tail, event }: Frame, json: string, ofEvent: string | undefined): string | null {
  const tailStart = json.length - tail.length;
  const isSame =
    ofEvent === event &&
    tailStart >= head.length &&
    json.slice(0, head.length) === head &&
    json.slice(tailStart) === tail;
  return isSame ? json.slice(head.length, tailStart) : null;
}

/**
 * Null if anything besides the content adds to the answer, which would count once for all chunks that are joined, or if there is
 * usage, whose place among the chunks matters.
 */
function frameOf(json: string, event: string | undefined, chunk: JsonObject | null): Frame | null {
  const delta = asObject(asObject(asArray(chunk?.['choices'])[0])?.['delta']);
  const { content, role: _role, ...others } = delta ?? {};
  if (chunk === null || typeof content !== 'string' || !Object.values(others).every(isEmpty)) return null;
  if (json.length - content.length > MAX_FRAME_CHARS || readUsage(chunk) !== null) return null;
  const [start, another] = json.matchAll(/"content"\s*:\s*"/g);
  // A second key may be written with escapes.
  if (start === undefined || another !== undefined || json.includes('\\u')) return null;
  const headEnd = start.index + start[0].length;
  // Content with escapes looks different in JSON.
  if (!json.startsWith(`${content}"`, headEnd)) return null;
  // Copies: slices would keep all that came with the chunk in memory.
  const [head, tail, type] = structuredClone([
    json.slice(0, headEnd),
    json.slice(headEnd + content.length),
    event,
  ] as const);
  return { head, tail, event: type };
}

function isEmpty(value: unknown): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

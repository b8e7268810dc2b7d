import { asArray, asObject, asText, type JsonObject } from '../../kit/json.ts';
import { isHighSurrogate, splitsPair } from '../../kit/text/text.ts';
import type { ChatEvent, FinishReason, Usage } from '../../ports/provider.ts';
import { readFinish } from './finish.ts';
import { ImageReader } from './images.ts';
import { type Sorted, ThinkingFilter } from './thinking.ts';
import { readUsage } from './usage.ts';

/** Bounds and format of one answer. */
export interface AnswerBounds {
  /** Cap on the answer in tokens. Without it only the size of the body bounds the text. */
  readonly maxOutputTokens?: number;
  /** The model's output begins inside its reasoning, which `</think>` ends. */
  readonly reasoningInText?: boolean;
}

/**
 * Text has about four characters per token, runs of white space a dozen. A server that sends more ignores the cap and might
 * never stop.
 */
const MAX_CHARS_PER_TOKEN = 16;
const MAX_CITATIONS = 40;
/** Browsers and platforms do not accept longer addresses. */
const MAX_URL_CHARS = 2_000;
const MAX_TITLE_CHARS = 300;
/** Arguments of tools that nobody offered, which are discarded. */
const MAX_TOOL_CHARS = 64 * 1024;
const MAX_TOOL_NAMES = 5;
/** Tool names by the specification; anything else could be markup. */
const TOOL_NAME = /^[\w.:-]{1,64}$/;

/** Assembles an answer from a provider's chunks, or from one whole completion. */
export class AnswerReader {
  generationId: string | null;
  /** The reason why the answer ended; null until one came. */
  finish: FinishReason | null = null;
  /** Whether usage came after the last piece of the answer; then nothing more comes. */
  isCounted = false;
  /** Whether the answer has reached its bounds, so that nothing more is read. */
  isFull = false;
  /** The number of pieces so far that belong to an answer: text, reasoning, a tool call or an image. */
  progress = 0;
  readonly #citedUrls: string[] = [];
  readonly #tools: string[] = [];
  readonly #images = new ImageReader();
  readonly #thinking: ThinkingFilter;
  #leftChars: number;
  #leftToolChars = MAX_TOOL_CHARS;
  #model: string | null = null;
  #usage: Usage | null = null;
  /** Whether the usage is in no event yet. */
  #isUsageNew = false;
  /** The first half of a surrogate pair, until its second half comes. */
  #half = '';
  readonly #events: ChatEvent[] = [];

  /** @param startId the generation id from the headers; null to take it from the first chunk */
  constructor(startId: string | null, bounds: AnswerBounds = {}) {
    this.generationId = startId;
    this.#thinking = new ThinkingFilter(bounds.reasoningInText ?? false);
    this.#leftChars = (bounds.maxOutputTokens ?? Number.POSITIVE_INFINITY) * MAX_CHARS_PER_TOKEN;
  }

  /**
   * Reads a chunk (or a whole completion). If the provider reports a failure in it, returns the object that describes the
   * failure; else null.
   */
  read(chunk: JsonObject): JsonObject | null {
    const before = this.progress;
    this.#model ??= asText(chunk['model']);
    if (this.generationId === null) {
      const generationId = asText(chunk['id']);
      this.generationId = generationId;
      if (generationId !== null) this.#events.push({ type: 'start', generationId });
    }
    // Perplexity's search results come beside the choices, and again in each chunk.
    for (const result of asArray(chunk['search_results'])) this.#cite(asObject(result));
    for (const url of asArray(chunk['citations'])) this.#cite({ url });
    const choice = asObject(asArray(chunk['choices'])[0]);
    const failed = choice && this.#readChoice(choice, chunk);
    const isCounted = this.#readUsage(chunk);
    this.isCounted = this.progress === before && (this.isCounted || (this.progress > 0 && isCounted));
    return failed ?? (isError(chunk) ? chunk : null);
  }

  /**
   * The events since the last call. What arrives together is joined: under load that is dozens of words, each of which would
   * pass all layers alone. Usage comes last, unless later text makes it out of date.
   */
  take(): readonly ChatEvent[] {
    const events = this.#events.splice(0);
    if (this.#isUsageNew && this.#usage !== null) events.push({ type: 'usage', usage: this.#usage });
    this.#isUsageNew = false;
    return events;
  }

  /** Releases text that was held back, for an answer that ends early. */
  flush(isWhole = false): void {
    this.#emit(this.#thinking.push(this.#half));
    this.#half = '';
    this.#emit(this.#thinking.end(isWhole));
  }

  /** Releases text that was held back, and adds the closing event. */
  finishUp(skippedLines: number): void {
    // A block that was cut at the limit is reasoning; the answer had not begun.
    this.flush(this.finish !== 'length');
    this.#isUsageNew = false;
    this.#events.push({
      type: 'done',
      finish: this.finish ?? 'unknown',
      usage: this.#usage,
      model: this.#model,
      generationId: this.generationId,
      skippedLines,
      skippedImages: this.#images.skipped,
      tools: this.#tools,
    });
  }

  /** As `read`, for the choice of a chunk. */
  #readChoice(choice: JsonObject, chunk: JsonObject): JsonObject | null {
    const delta = asObject(choice['delta']) ?? asObject(choice['message']);
    if (delta !== null) this.#takeDelta(delta);
    if (choice['annotations']) this.#citeAnnotations(choice['annotations']);
    if (choice['error']) return { error: choice['error'] };
    const reason = readFinish(choice['finish_reason']);
    if (reason === 'error') return chunk;
    if (!this.isFull) this.finish = reason ?? this.finish;
    return null;
  }

  /** Whether the chunk has usage. */
  #readUsage(chunk: JsonObject): boolean {
    const usage = readUsage(chunk);
    // Usage from before the part that is not read would be too low.
    if (usage !== null || this.isFull) this.#usage = usage;
    this.#isUsageNew ||= usage !== null;
    return usage !== null;
  }

  #takeDelta(delta: JsonObject): void {
    // OpenRouter and Ollama say `reasoning`, llama.cpp and DeepSeek `reasoning_content`; some proxies both.
    const reasoning = asText(delta['reasoning']) ?? asText(delta['reasoning_content']);
    if (reasoning !== null) this.#append('reasoning', this.#within(reasoning));
    // Encrypted reasoning shows nothing, but is progress.
    if (asArray(delta['reasoning_details']).length > 0 && reasoning === null) this.progress++;
    const { content } = delta;
    if (Array.isArray(content)) {
      for (const part of content) {
        this.#takeText(asObject(part)?.['text']);
        this.#takeImage(part);
      }
    } else this.#takeText(content);
    this.#takeText(delta['refusal']);
    for (const image of asArray(delta['images'])) this.#takeImage(image);
    if (delta['tool_calls']) this.#takeTools(asArray(delta['tool_calls']));
    if (delta['function_call']) this.#takeTools([delta['function_call']]);
    if (delta['annotations']) this.#citeAnnotations(delta['annotations']);
  }

  #takeText(given: unknown): void {
    const content = asText(given);
    if (content === null || this.isFull) return;
    const joined = this.#half + this.#within(content);
    this.#half = isHighSurrogate(joined.charCodeAt(joined.length - 1)) ? joined.slice(-1) : '';
    this.#emit(this.#thinking.push(this.#half === '' ? joined : joined.slice(0, -1)));
  }

  /** The part of the text that the bounds allow; the rest ends the answer. */
  #within(text: string): string {
    this.progress++;
    const left = this.#leftChars;
    if (text.length <= left) {
      this.#leftChars -= text.length;
      return text;
    }
    this.isFull = true;
    this.finish = 'length';
    this.#leftChars = 0;
    return text.slice(0, splitsPair(text, left) ? left - 1 : left);
  }

  #emit({ text, reasoning }: Sorted): void {
    this.#append('reasoning', reasoning);
    this.#append('text', text);
  }

  #append(type: 'text' | 'reasoning', given: string): void {
    if (given === '') return;
    this.#isUsageNew = false;
    const delta = given.toWellFormed();
    const last = this.#events.at(-1);
    if (last?.type === type) this.#events[this.#events.length - 1] = { type, delta: last.delta + delta };
    else this.#events.push({ type, delta });
  }

  #takeImage(part: unknown): void {
    const url = imageUrlOf(part);
    if (url === null) return;
    this.progress++;
    const isLink = isWebAddress(url);
    if (isLink) this.#cite({ url, title: 'Image' });
    const image = isLink ? null : this.#images.read(url);
    if (image !== null) this.#events.push({ type: 'image', ...image });
  }

  #takeTools(calls: readonly unknown[]): void {
    for (const call of calls) {
      const called = asObject(asObject(call)?.['function']) ?? asObject(call);
      const name = asText(called?.['name']);
      const isNew = name !== null && TOOL_NAME.test(name) && !this.#tools.includes(name);
      if (isNew && this.#tools.length < MAX_TOOL_NAMES) this.#tools.push(name);
      this.progress++;
      this.#leftToolChars -= (asText(called?.['arguments']) ?? '').length + 1;
    }
    if (this.#leftToolChars > 0) return;
    this.isFull = true;
    this.finish ??= 'tool_calls';
  }

  #citeAnnotations(annotations: unknown): void {
    for (const annotation of asArray(annotations))
      this.#cite(asObject(asObject(annotation)?.['url_citation']));
  }

  #cite(source: JsonObject | null): void {
    const url = asText(source?.['url']);
    if (url === null || url.length > MAX_URL_CHARS || this.#citedUrls.includes(url)) return;
    if (this.#citedUrls.length >= MAX_CITATIONS || !isWebAddress(url)) return;
    this.#citedUrls.push(url);
    const title = asText(source?.['title'])?.slice(0, MAX_TITLE_CHARS).toWellFormed() ?? null;
    this.#events.push({ type: 'citation', url: url.toWellFormed(), title });
  }
}

/** OpenRouter's `{image_url:{url}}`, and the bare string of some others. */
function imageUrlOf(part: unknown): string | null {
  const image = asObject(part)?.['image_url'];
  return asText(image) ?? asText(asObject(image)?.['url']);
}

/** Whether the chunk reports a failure. */
function isError(chunk: JsonObject): boolean {
  if (chunk['error'] || chunk['object'] === 'error') return true;
  return (
    chunk['choices'] === undefined && (chunk['detail'] !== undefined || asText(chunk['message']) !== null)
  );
}

function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url);
}

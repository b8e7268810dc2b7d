import { asArray, asObject, asText, type JsonObject } from '../../kit/json.ts';
import { isHighSurrogate, splitsPair } from '../../kit/text.ts';
import type { ChatEvent, FinishReason, Usage } from '../../ports/provider.ts';
import { readFinish } from './finish.ts';
import { createImageReader } from './images.ts';
import { createThinkingFilter, type Sorted } from './thinking.ts';
import { readUsage } from './usage.ts';

/** Assembles an answer from a provider's chunks, or from one whole completion. */
export interface AnswerReader {
  /**
   * Reads a chunk (or a whole completion) and appends its events. If the provider reports a failure in it, returns the object
   * that describes the failure; else null.
   */
  read(chunk: JsonObject, events: ChatEvent[]): JsonObject | null;
  readonly generationId: string | null;
  /** The reason why the answer ended; null until one came. */
  readonly finish: FinishReason | null;
  /** Whether usage came after the last piece of the answer; then nothing more comes. */
  readonly isCounted: boolean;
  /** Whether the answer has reached its bounds, so that nothing more is read. */
  readonly isFull: boolean;
  /** The number of pieces so far that belong to an answer: text, reasoning, a tool call or an image. */
  readonly progress: number;
  /** Appends text that was held back, for an answer that ends early. */
  flush(events: ChatEvent[]): void;
  /** Appends text that was held back, and the closing event. */
  finishUp(skippedLines: number, events: ChatEvent[]): void;
}

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

/** @param startId the generation id from the headers; null to take it from the first chunk */
export function createAnswerReader(startId: string | null, bounds: AnswerBounds = {}): AnswerReader {
  const citedUrls = new Set<string>();
  const tools = new Set<string>();
  const images = createImageReader();
  const thinking = createThinkingFilter(bounds.reasoningInText ?? false);
  let leftChars = (bounds.maxOutputTokens ?? Number.POSITIVE_INFINITY) * MAX_CHARS_PER_TOKEN;
  let leftToolChars = MAX_TOOL_CHARS;
  let model: string | null = null;
  let usage: Usage | null = null;
  /** The first half of a surrogate pair, until its second half comes. */
  let half = '';

  function cite(url: string | null, title: string | null, events: ChatEvent[]): void {
    if (url === null || url.length > MAX_URL_CHARS || citedUrls.has(url) || !isWebAddress(url)) return;
    if (citedUrls.size >= MAX_CITATIONS) return;
    citedUrls.add(url);
    events.push({
      type: 'citation',
      url: url.toWellFormed(),
      title: title?.slice(0, MAX_TITLE_CHARS).toWellFormed() ?? null,
    });
  }

  function citeAnnotations(annotations: unknown, events: ChatEvent[]): void {
    for (const annotation of asArray(annotations)) {
      const citation = asObject(asObject(annotation)?.['url_citation']);
      cite(asText(citation?.['url']), asText(citation?.['title']), events);
    }
  }

  /** The part of the text that the bounds allow; the rest ends the answer. */
  function within(text: string): string {
    answer.progress++;
    if (text.length <= leftChars) {
      leftChars -= text.length;
      return text;
    }
    answer.isFull = true;
    answer.finish = 'length';
    const taken = text.slice(0, splitsPair(text, leftChars) ? leftChars - 1 : leftChars);
    leftChars = 0;
    return taken;
  }

  /** Joins what arrives together: under load that is dozens of words, each of which would pass all layers alone. */
  function append(type: 'text' | 'reasoning', given: string, events: ChatEvent[]): void {
    if (given === '') return;
    const delta = given.toWellFormed();
    const last = events.at(-1);
    if (last?.type === type) events[events.length - 1] = { type, delta: last.delta + delta };
    else events.push({ type, delta });
  }

  function emit({ text, reasoning }: Sorted, events: ChatEvent[]): void {
    append('reasoning', reasoning, events);
    append('text', text, events);
  }

  function takeText(given: unknown, events: ChatEvent[]): void {
    const content = asText(given);
    if (content === null || answer.isFull) return;
    const joined = half + within(content);
    half = isHighSurrogate(joined.charCodeAt(joined.length - 1)) ? joined.slice(-1) : '';
    emit(thinking.push(half === '' ? joined : joined.slice(0, -1)), events);
  }

  function takeImage(url: string | null, events: ChatEvent[]): void {
    if (url === null) return;
    answer.progress++;
    const isLink = isWebAddress(url);
    if (isLink) cite(url, 'Image', events);
    const image = isLink ? null : images.read(url);
    if (image !== null) events.push({ type: 'image', ...image });
  }

  function takeTools(calls: readonly unknown[]): void {
    for (const call of calls) {
      const called = asObject(asObject(call)?.['function']) ?? asObject(call);
      const name = asText(called?.['name']);
      if (name !== null && TOOL_NAME.test(name) && tools.size < MAX_TOOL_NAMES) tools.add(name);
      answer.progress++;
      leftToolChars -= (asText(called?.['arguments']) ?? '').length + 1;
    }
    if (leftToolChars > 0) return;
    answer.isFull = true;
    answer.finish ??= 'tool_calls';
  }

  function takeDelta(delta: JsonObject, events: ChatEvent[]): void {
    // OpenRouter and Ollama say `reasoning`, llama.cpp and DeepSeek `reasoning_content`; some proxies both.
    const reasoning = asText(delta['reasoning']) ?? asText(delta['reasoning_content']);
    if (reasoning !== null) append('reasoning', within(reasoning), events);
    // Encrypted reasoning shows nothing, but is progress.
    if (asArray(delta['reasoning_details']).length > 0 && reasoning === null) answer.progress++;
    const { content } = delta;
    if (Array.isArray(content)) {
      for (const part of content) {
        takeText(asObject(part)?.['text'], events);
        takeImage(imageUrlOf(part), events);
      }
    } else takeText(content, events);
    takeText(delta['refusal'], events);
    for (const image of asArray(delta['images'])) takeImage(imageUrlOf(image), events);
    if (delta['tool_calls']) takeTools(asArray(delta['tool_calls']));
    if (delta['function_call']) takeTools([delta['function_call']]);
    if (delta['annotations']) citeAnnotations(delta['annotations'], events);
  }

  function flush(events: ChatEvent[], isWhole: boolean): void {
    emit(thinking.push(half), events);
    half = '';
    emit(thinking.end(isWhole), events);
  }

  const answer: { -readonly [K in keyof AnswerReader]: AnswerReader[K] } = {
    generationId: startId,
    finish: null,
    isCounted: false,
    isFull: false,
    progress: 0,
    read(chunk, events) {
      const before = answer.progress;
      model ??= asText(chunk['model']);
      if (answer.generationId === null) {
        const generationId = asText(chunk['id']);
        answer.generationId = generationId;
        if (generationId !== null) events.push({ type: 'start', generationId });
      }
      // Perplexity's search results come beside the choices, and again in each chunk.
      for (const result of asArray(chunk['search_results'])) {
        cite(asText(asObject(result)?.['url']), asText(asObject(result)?.['title']), events);
      }
      for (const url of asArray(chunk['citations'])) cite(asText(url), null, events);

      let failed = isError(chunk) ? chunk : null;
      const choice = asObject(asArray(chunk['choices'])[0]);
      if (choice !== null) {
        const delta = asObject(choice['delta']) ?? asObject(choice['message']);
        if (delta !== null) takeDelta(delta, events);
        if (choice['annotations']) citeAnnotations(choice['annotations'], events);
        const reason = readFinish(choice['finish_reason']);
        if (choice['error']) failed = { error: choice['error'] };
        else if (reason === 'error') failed = chunk;
        else if (!answer.isFull) answer.finish = reason ?? answer.finish;
      }
      const counted = readUsage(chunk);
      if (counted !== null) {
        usage = counted;
        events.push({ type: 'usage', usage });
        // Usage from before the part that is not read would be too low.
      } else if (answer.isFull) usage = null;
      answer.isCounted =
        answer.progress === before && (answer.isCounted || (answer.progress > 0 && counted !== null));
      return failed;
    },
    flush: (events) => flush(events, false),
    finishUp(skippedLines, events) {
      // A block that was cut at the limit is reasoning; the answer had not begun.
      flush(events, answer.finish !== 'length');
      events.push({
        type: 'done',
        finish: answer.finish ?? 'unknown',
        usage,
        model,
        generationId: answer.generationId,
        skippedLines,
        skippedImages: images.skipped(),
        tools: [...tools],
      });
    },
  };
  return answer;
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

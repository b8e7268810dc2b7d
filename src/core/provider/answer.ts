import { asArray, asObject, asText, type JsonObject } from '../kit/json.ts';
import { isHighSurrogate, splitsPair } from '../kit/text.ts';
import type { ChatEvent, FinishReason, Usage } from '../ports/provider.ts';
import { readFinish } from './finish.ts';
import { createImageReader } from './images.ts';
import { createThinkingFilter } from './thinking.ts';
import { readUsage } from './usage.ts';

/** Puts together what a provider says of one answer, chunk by chunk or in one piece. */
export interface AnswerReader {
  /**
   * Reads a chunk (or a whole completion) and appends its events.
   * Returns what to read the failure from if the provider says that the answer failed, else null.
   */
  read(chunk: JsonObject, events: ChatEvent[]): JsonObject | null;
  readonly generationId: string | null;
  /** Why the answer ended; null as long as no reason came. */
  readonly finish: FinishReason | null;
  /** Whether the tokens were counted after the last piece of the answer: then nothing more comes. */
  readonly isCounted: boolean;
  /** Whether nothing more is taken: the answer has reached its bounds. */
  readonly isFull: boolean;
  /** How often something came that belongs to an answer: text, reasoning, a tool call or an image. */
  readonly progress: number;
  /** Appends the text that was held back, for an answer that ends early. */
  flush(events: ChatEvent[]): void;
  /** Appends what was held back and the closing event. */
  finishUp(skippedLines: number, events: ChatEvent[]): void;
}

export interface AnswerBounds {
  /** Cap on the answer in tokens; without it the text has no bound but the body's. */
  readonly maxOutputTokens?: number;
  /** The model begins within its reasoning, and closes it by `</think>`. */
  readonly reasoningInText?: boolean;
}

/**
 * A server that sends more characters for each token of the cap has not heard of it, and might go on for ever: text has some
 * four characters to a token, and runs of white space a dozen.
 */
const MAX_CHARS_PER_TOKEN = 16;
const MAX_CITATIONS = 40;
/** Longer addresses than browsers and platforms take. */
const MAX_URL_CHARS = 2_000;
const MAX_TITLE_CHARS = 300;
/** Arguments of tools that nobody offered; nothing is done with them. */
const MAX_TOOL_CHARS = 64 * 1024;
const MAX_TOOL_NAMES = 5;
/** What a tool may be called by the specification; anything else could be markup. */
const TOOL_NAME = /^[\w.:-]{1,64}$/;

/** @param startId the generation id from the headers; if they had none, the first chunk's is taken */
export function createAnswerReader(startId: string | null, bounds: AnswerBounds = {}): AnswerReader {
  const citedUrls = new Set<string>();
  const tools = new Set<string>();
  const images = createImageReader();
  const thinking = createThinkingFilter(bounds.reasoningInText ?? false);
  let leftChars = (bounds.maxOutputTokens ?? Number.POSITIVE_INFINITY) * MAX_CHARS_PER_TOKEN;
  let leftToolChars = MAX_TOOL_CHARS;
  let generationId = startId;
  let model: string | null = null;
  let finish: FinishReason | null = null;
  let usage: Usage | null = null;
  let isCounted = false;
  let isFull = false;
  let progress = 0;
  /** The first half of a surrogate pair whose second half has not come. */
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

  /** As much of it as the bounds leave; the rest ends the answer. */
  function within(text: string): string {
    progress++;
    if (text.length <= leftChars) {
      leftChars -= text.length;
      return text;
    }
    isFull = true;
    finish = 'length';
    const taken = text.slice(0, splitsPair(text, leftChars) ? leftChars - 1 : leftChars);
    leftChars = 0;
    return taken;
  }

  function emit(sorted: { readonly text: string; readonly reasoning: string }, events: ChatEvent[]): void {
    if (sorted.reasoning !== '') events.push({ type: 'reasoning', delta: sorted.reasoning.toWellFormed() });
    if (sorted.text !== '') events.push({ type: 'text', delta: sorted.text.toWellFormed() });
  }

  function take(content: string, events: ChatEvent[]): void {
    const joined = half + within(content);
    half = isHighSurrogate(joined.charCodeAt(joined.length - 1)) ? joined.slice(-1) : '';
    emit(thinking.push(half === '' ? joined : joined.slice(0, -1)), events);
  }

  function takeImage(url: string | null, events: ChatEvent[]): void {
    if (url === null) return;
    progress++;
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
      progress++;
      leftToolChars -= (asText(called?.['arguments']) ?? '').length + 1;
    }
    if (leftToolChars > 0) return;
    isFull = true;
    finish ??= 'tool_calls';
  }

  function takeDelta(delta: JsonObject, events: ChatEvent[]): void {
    // OpenRouter and Ollama say `reasoning`, llama.cpp and DeepSeek `reasoning_content`; some proxies both.
    const reasoning = asText(delta['reasoning']) ?? asText(delta['reasoning_content']);
    if (reasoning !== null) emit({ text: '', reasoning: within(reasoning) }, events);
    // Encrypted, it shows nothing; it is progress all the same.
    if (asArray(delta['reasoning_details']).length > 0 && reasoning === null) progress++;
    const { content } = delta;
    for (const part of Array.isArray(content) ? content : [{ text: content }]) {
      const text = asText(asObject(part)?.['text']);
      if (text !== null && !isFull) take(text, events);
      takeImage(imageUrlOf(part), events);
    }
    const refusal = asText(delta['refusal']);
    if (refusal !== null && !isFull) take(refusal, events);
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

  return {
    get generationId() {
      return generationId;
    },
    get finish() {
      return finish;
    },
    get isCounted() {
      return isCounted;
    },
    get isFull() {
      return isFull;
    },
    get progress() {
      return progress;
    },
    read(chunk, events) {
      const before = progress;
      model ??= asText(chunk['model']);
      if (generationId === null) {
        generationId = asText(chunk['id']);
        if (generationId !== null) events.push({ type: 'start', generationId });
      }
      // Perplexity's: beside the choices, and again in each chunk.
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
        else if (!isFull) finish = reason ?? finish;
      }
      const counted = readUsage(chunk);
      if (counted !== null) {
        usage = counted;
        events.push({ type: 'usage', usage });
        // What was counted before the rest of an answer that is not read is no account of it.
      } else if (isFull) usage = null;
      isCounted = progress === before && (isCounted || (progress > 0 && counted !== null));
      return failed;
    },
    flush: (events) => flush(events, false),
    finishUp(skippedLines, events) {
      // A block that was cut at the limit is reasoning: the answer had not begun.
      flush(events, finish !== 'length');
      events.push({
        type: 'done',
        finish: finish ?? 'unknown',
        usage,
        model,
        generationId,
        skippedLines,
        skippedImages: images.skipped,
        tools: [...tools],
      });
    },
  };
}

/** OpenRouter's `{image_url:{url}}`, and the bare string of some others. */
function imageUrlOf(part: unknown): string | null {
  const image = asObject(part)?.['image_url'];
  return asText(image) ?? asText(asObject(image)?.['url']);
}

/** Whether the provider says by this chunk that it failed. */
function isError(chunk: JsonObject): boolean {
  if (chunk['error'] || chunk['object'] === 'error') return true;
  return (
    chunk['choices'] === undefined && (chunk['detail'] !== undefined || asText(chunk['message']) !== null)
  );
}

function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url);
}

import { asArray, asObject, asText, type JsonObject } from '../kit/json.ts';
import type { ChatEvent, FinishReason, Usage } from '../ports/provider.ts';
import { readUsage } from './usage.ts';

/** Puts together what a provider says of one answer, chunk by chunk or in one piece. */
export interface AnswerReader {
  /**
   * Reads a chunk (or a whole completion) and appends its events.
   * Returns what to read the failure from where the provider says that the answer failed, else null.
   */
  read(chunk: JsonObject, events: ChatEvent[]): JsonObject | null;
  readonly generationId: string | null;
  /** Why the answer ended; null as long as no reason came. */
  readonly finish: FinishReason | null;
  /** The closing event. */
  done(skippedLines: number): ChatEvent;
}

/** @param startId the generation id from the headers; where they had none, the first chunk's is taken */
export function createAnswerReader(startId: string | null): AnswerReader {
  const citedUrls = new Set<string>();
  let generationId = startId;
  let model: string | null = null;
  let finish: FinishReason | null = null;
  let usage: Usage | null = null;

  function cite(annotations: unknown, events: ChatEvent[]): void {
    for (const annotation of asArray(annotations)) {
      const citation = asObject(asObject(annotation)?.['url_citation']);
      const url = asText(citation?.['url']);
      if (url === null || citedUrls.has(url) || !isWebAddress(url)) continue;
      citedUrls.add(url);
      events.push({ type: 'citation', url, title: asText(citation?.['title']) });
    }
  }

  return {
    get generationId() {
      return generationId;
    },
    get finish() {
      return finish;
    },
    read(chunk, events) {
      model ??= asText(chunk['model']);
      if (generationId === null) {
        generationId = asText(chunk['id']);
        if (generationId !== null) events.push({ type: 'start', generationId });
      }
      let failed = chunk['error'] || chunk['object'] === 'error' ? chunk : null;
      const choice = asObject(asArray(chunk['choices'])[0]);
      if (choice !== null) {
        const delta = asObject(choice['delta']) ?? asObject(choice['message']);
        if (delta !== null) {
          // OpenRouter and Ollama say `reasoning`, llama.cpp and DeepSeek `reasoning_content`; some proxies both.
          const reasoning = asText(delta['reasoning']) ?? asText(delta['reasoning_content']);
          if (reasoning !== null) events.push({ type: 'reasoning', delta: reasoning });
          const text = contentText(delta['content']) ?? asText(delta['refusal']);
          if (text !== null) events.push({ type: 'text', delta: text });
          if (delta['annotations']) cite(delta['annotations'], events);
        }
        if (choice['annotations']) cite(choice['annotations'], events);
        if (choice['error']) failed = { error: choice['error'] };
        else if (choice['finish_reason'] === 'error') failed = chunk;
        finish = readFinish(choice['finish_reason']) ?? finish;
      }
      const counted = readUsage(chunk);
      if (counted !== null) {
        usage = counted;
        events.push({ type: 'usage', usage });
      }
      return failed;
    },
    done(skippedLines) {
      return { type: 'done', finish: finish ?? 'unknown', usage, model, generationId, skippedLines };
    },
  };
}

/** Content is a string; Mistral's reasoning models send parts, of which only the text is the answer. */
function contentText(content: unknown): string | null {
  if (!Array.isArray(content)) return asText(content);
  return asText(content.map((part) => asText(asObject(part)?.['text']) ?? '').join(''));
}

function readFinish(reason: unknown): FinishReason | null {
  switch (reason) {
    case 'stop':
    case 'length':
    case 'content_filter':
    case 'tool_calls':
      return reason;
    default:
      return asText(reason) === null ? null : 'unknown';
  }
}

function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url);
}

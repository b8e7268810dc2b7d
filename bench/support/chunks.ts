import { longAnswer } from '../../test/support/long-answer.ts';

/** A chunk with the fields that OpenRouter sends. */
function chunk(delta: object, finish: string | null): string {
  return `data: ${JSON.stringify({
    id: 'gen-1764000000-AbCdEfGhIjKlMnOpQrSt',
    provider: 'OpenAI',
    model: 'openai/gpt-4o-mini',
    object: 'chat.completion.chunk',
    created: 1_764_000_000,
    choices: [
      {
        index: 0,
        delta: { role: 'assistant', ...delta },
        finish_reason: finish,
        native_finish_reason: finish,
        logprobs: null,
      },
    ],
    system_fingerprint: 'fp_0123456789',
  })}\n\n`;
}

/** An answer of so many numbered words of Markdown, as `longAnswer` makes them: one event each. */
export function wordChunks(words: number): readonly string[] {
  return (longAnswer(words).match(/\s*\S+/g) ?? []).map((content) => chunk({ content }, null));
}

/** So many numbered words of ten characters each, without Markdown, one event each. */
export function proseChunks(words: number): readonly string[] {
  return Array.from({ length: words }, (_, index) =>
    chunk({ content: `${`w${index}-`.padEnd(9, 'o')} ` }, null),
  );
}

/** A title for the thread of a question, as a model gives it. */
export function titleChunk(question: string): string {
  return chunk({ content: `About ${question}` }, null);
}

/** The end of a stream, after the last word. */
export const LAST_CHUNKS = [
  chunk({}, 'stop'),
  `data: ${JSON.stringify({
    id: 'gen-1',
    object: 'chat.completion.chunk',
    choices: [],
    usage: { prompt_tokens: 10, completion_tokens: 100, total_tokens: 110, cost: 0.0001 },
  })}\n\n`,
  'data: [DONE]\n\n',
].join('');

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRate } from '../../../../src/core/kit/scheduling/rate.ts';
import { Deadline } from '../../../../src/core/kit/time/deadline.ts';
import type { ChatEvent } from '../../../../src/core/ports/provider.ts';
import { ProviderError } from '../../../../src/core/ports/provider-errors.ts';
import { AnswerDecoder } from '../../../../src/core/provider/answer/decode.ts';
import { ImageReader } from '../../../../src/core/provider/answer/images.ts';
import { STREAM_READS } from '../../../../src/core/provider/client.ts';
import { defineProvider } from '../../../../src/core/provider/definition.ts';
import { Exchange } from '../../../../src/core/provider/exchange.ts';
import {
  DONE,
  errorChunk,
  event,
  finishChunk,
  KEEP_ALIVE,
  MODEL,
  textChunk,
  usageChunk,
} from '../../../support/provider/chunks.ts';
import { createHastyClock } from '../../../support/provider/hasty-clock.ts';
import { recordedEvents, recordedStream } from '../../../support/provider/recorded-stream.ts';
import { createLogRecorder, never, textOf } from '../../../support/provider/test-client.ts';

interface Decoded {
  readonly events: ChatEvent[];
  readonly error: unknown;
  readonly logged: string;
}

/** Decodes the pieces as if each came in a network packet of its own. */
async function decode(...pieces: (string | Uint8Array)[]): Promise<Decoded> {
  const bytes = pieces.map((piece) => (typeof piece === 'string' ? new TextEncoder().encode(piece) : piece));
  return decodeBody(ReadableStream.from(bytes));
}

const citationOf = (url: string) => ({ type: 'url_citation', url_citation: { url, title: 'A' } });

const { log, lines } = createLogRecorder();

async function decodeBody(body: ReadableStream<Uint8Array>): Promise<Decoded> {
  const clock = createHastyClock();
  lines.length = 0;
  const definition = defineProvider({ id: 'openrouter', preset: 'openrouter' });
  const exchange = new Exchange({ definition, apiKey: 'sk-test', fetch, clock }, undefined);
  const late = () => exchange.fail({ code: 'timeout' });
  const deadline = new Deadline(clock, 90_000, never, late);
  const limits = { bounds: {}, deadline, silenceMs: 90_000, leftMs: 300_000, progressMs: 120_000 };
  const pace = createRate(clock, STREAM_READS);
  const events: ChatEvent[] = [];
  let error: unknown = null;
  try {
    const decoder = new AnswerDecoder(new Response(body), { exchange, ...limits, pace, clock, log }, never);
    await decoder.stream((event) => void events.push(event));
  } catch (thrown) {
    error = thrown;
  } finally {
    deadline.stop();
  }
  return { events, error, logged: lines.join('') };
}

function codeOf({ error }: Decoded): string | null {
  return error instanceof ProviderError ? error.code : null;
}

function doneOf({ events }: Decoded): Extract<ChatEvent, { type: 'done' }> | undefined {
  return events.find((event) => event.type === 'done');
}

/** Pieces of text that follow each other as one, because a cut decides only how they arrive. */
function joined(events: readonly ChatEvent[]): ChatEvent[] {
  const all: ChatEvent[] = [];
  for (const event of events) {
    const last = all.at(-1);
    if ((event.type === 'text' || event.type === 'reasoning') && last?.type === event.type)
      all[all.length - 1] = { ...event, delta: last.delta + event.delta };
    else all.push(event);
  }
  return all;
}

describe('AnswerDecoder', () => {
  it.each([
    ['line feeds', '\n'],
    ['carriage returns and line feeds', '\r\n'],
    ['carriage returns', '\r'],
  ])('reads the same events from a stream with %s, cut at every byte position', async (_, lineBreak) => {
    const bytes = new TextEncoder().encode(recordedStream.replaceAll('\n', lineBreak));
    const whole = joined(recordedEvents);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { events, error } = await decode(bytes.subarray(0, cut), bytes.subarray(cut));
      if (error !== null) throw error;
      // An `expect` for each byte takes longer than all else.
      if (!isDeepStrictEqual(joined(events), whole))
        expect(joined(events), `cut at byte ${cut}`).toEqual(whole);
    }
  });

  it('reads the same events from a stream that comes byte by byte', async () => {
    const bytes = new TextEncoder().encode(recordedStream);
    const { events } = await decode(...Array.from(bytes, (byte) => Uint8Array.of(byte)));
    expect(events).toEqual(recordedEvents);
  });

  it('delivers the words that arrive together as one piece', async () => {
    const { events } = await decode(
      textChunk('one ') + textChunk('two '),
      textChunk('three'),
      finishChunk() + DONE,
    );
    const texts = events.flatMap((event) => (event.type === 'text' ? [event.delta] : []));
    expect(texts).toEqual(['one two ', 'three']);
  });

  it('delivers any text whole, however the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.array(fc.nat({ max: 3_000 }), { maxLength: 12 }),
        async (texts, cuts) => {
          const bytes = new TextEncoder().encode(texts.map(textChunk).join('') + finishChunk() + DONE);
          const edges = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
          const pieces = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
          const decoded = await decode(...pieces);
          expect(textOf(decoded.events)).toBe(texts.join(''));
          expect(decoded.error).toBeNull();
        },
      ),
    );
  });

  it('strips a byte order mark', async () => {
    const decoded = await decode(`\uFEFF${textChunk('a')}`, finishChunk() + DONE);
    expect(textOf(decoded.events)).toBe('a');
  });

  it('skips, counts and logs a line that is no JSON, without its content', async () => {
    const decoded = await decode(
      textChunk('a'),
      'data: {"choices":[{"delta":{"content":"my secret diary"\n\n',
      'data: 42\n\n',
      textChunk('b'),
      finishChunk(),
      DONE,
    );
    expect(textOf(decoded.events)).toBe('ab');
    expect(doneOf(decoded)).toMatchObject({ finish: 'stop', skippedLines: 2 });
    expect(decoded.logged).toContain('skipped a line');
    expect(decoded.logged).not.toContain('diary');
  });

  it('fails when a line outgrows the buffer, after delivering what came before', async () => {
    const decoded = await decode(textChunk('before'), 'data: "', ...Array(17).fill('x'.repeat(1024 * 1024)));
    expect(textOf(decoded.events)).toBe('before');
    expect(codeOf(decoded)).toBe('bad_response');
  });

  it('fails when a document outgrows the buffer', async () => {
    const decoded = await decode('{"choices":[]}', ...Array(17).fill(' '.repeat(1024 * 1024)));
    expect(codeOf(decoded)).toBe('bad_response');
  });

  it('fails when the stream ends with neither [DONE] nor a finish reason', async () => {
    const decoded = await decode(textChunk('half an ans'));
    expect(textOf(decoded.events)).toBe('half an ans');
    expect(codeOf(decoded)).toBe('cut_off');
    expect(doneOf(decoded)).toBeUndefined();
  });

  it('fails when the stream ends in the middle of a line', async () => {
    const decoded = await decode(textChunk('a'), textChunk('lost').slice(0, -9));
    expect(textOf(decoded.events)).toBe('a');
    expect(codeOf(decoded)).toBe('cut_off');
  });

  it('fails when an empty stream ends', async () => {
    expect(codeOf(await decode())).toBe('cut_off');
  });

  it('takes an end without [DONE] for whole once a finish reason came', async () => {
    const decoded = await decode(textChunk('a'), finishChunk('length'));
    expect(decoded.error).toBeNull();
    expect(doneOf(decoded)).toMatchObject({ finish: 'length', usage: null, model: MODEL });
  });

  it('reads a last line that ends without a line break', async () => {
    const decoded = await decode(textChunk('a'), finishChunk().trimEnd());
    expect(doneOf(decoded)).toMatchObject({ finish: 'stop' });
  });

  it('takes [DONE] without a finish reason for an orderly end', async () => {
    expect(doneOf(await decode(textChunk('a'), DONE))).toMatchObject({ finish: 'unknown' });
  });

  it('reads usage from any chunk', async () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, cost: '0.5' };
    const decoded = await decode(usageChunk(usage), event({ usage: {} }), finishChunk(), DONE);
    expect(doneOf(decoded)?.usage).toMatchObject({
      promptTokens: 1,
      completionTokens: 2,
      costNanoUsd: 500_000_000,
    });
  });

  it('knows no use of an answer that it does not read to its end: an account from before is too low', async () => {
    const usage = usageChunk({ prompt_tokens: 5, completion_tokens: 3 });
    const call = event({ choices: [{ delta: { function_call: { arguments: 'x'.repeat(64 * 1024) } } }] });
    const { events } = await decode(textChunk('Hello'), usage, call, usage);
    expect(events.at(-1)).toMatchObject({ type: 'done', finish: 'tool_calls', usage: null });
  });

  it('adds the upstream price to the fee only where the account brings its own upstream key', async () => {
    const usage = {
      prompt_tokens: 1,
      completion_tokens: 2,
      cost: 0.001,
      cost_details: { upstream_inference_cost: 0.02 },
    };
    const costOf = async (is_byok: boolean) =>
      doneOf(await decode(usageChunk({ ...usage, is_byok }), finishChunk(), DONE))?.usage?.costNanoUsd;
    expect(await costOf(false)).toBe(1_000_000);
    expect(await costOf(true)).toBe(21_000_000);
    // The fee alone would be far too little: then tokens and prices have to do.
    const { cost_details: _, ...feeAlone } = usage;
    const decoded = await decode(usageChunk({ ...feeAlone, is_byok: true }), finishChunk(), DONE);
    expect(doneOf(decoded)?.usage?.costNanoUsd).toBeNull();
  });

  it.each([
    ['lines of JSON', (chunks: string[]) => [`${chunks.join('\n')}\n`]],
    ['lines of JSON, each by itself', (chunks: string[]) => chunks.map((chunk) => `${chunk}\n`)],
    ['lines of JSON without a last line break', (chunks: string[]) => [chunks.join('\r\n')]],
  ])('reads %s as a stream of events', async (_, cut) => {
    const chunks = ['Hel', 'lo.'].map((content) => ({ choices: [{ delta: { content } }] }));
    const end = { choices: [{ delta: {}, finish_reason: 'stop' }] };
    const decoded = await decode(...cut([...chunks, end].map((chunk) => JSON.stringify(chunk))));
    expect([textOf(decoded.events), decoded.error]).toEqual(['Hello.', null]);
    expect(doneOf(decoded)?.finish).toBe('stop');
  });

  it.each([
    ['in the words', { delta: { annotations: [citationOf('https://e.com/a')] } }],
    ['beside the words', { delta: {}, annotations: [citationOf('https://e.com/a')] }],
  ])('reads citations %s', async (_, choice) => {
    const { events } = await decode(event({ choices: [choice] }), finishChunk(), DONE);
    expect(events.filter(({ type }) => type === 'citation')).toMatchObject([{ url: 'https://e.com/a' }]);
  });

  it('cites an image that is a link, and counts it as none that is skipped', async () => {
    const image = { type: 'image_url', image_url: { url: 'https://e.com/a.png' } };
    const decoded = await decode(event({ choices: [{ delta: { images: [image] } }] }), finishChunk(), DONE);
    expect(decoded.events.filter(({ type }) => type === 'citation')).toMatchObject([
      { url: 'https://e.com/a.png', title: 'Image' },
    ]);
    expect(doneOf(decoded)?.skippedImages).toBe(0);
  });

  it('ignores whatever comes after [DONE]', async () => {
    const decoded = await decode(textChunk('a') + finishChunk() + DONE + textChunk('b') + errorChunk(500));
    expect(textOf(decoded.events)).toBe('a');
    expect(decoded.error).toBeNull();
  });

  it('does not wait for a connection to close after [DONE], and cancels it', async () => {
    const cancelled = Promise.withResolvers<void>();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(finishChunk() + DONE)),
      cancel: () => cancelled.resolve(),
    });
    expect(doneOf(await decodeBody(body))).toMatchObject({ finish: 'stop' });
    await cancelled.promise;
  });

  it('delivers the text before an error inside the stream, then fails by its cause', async () => {
    const decoded = await decode(textChunk('so far') + errorChunk(429, 'rate_limit_exceeded') + DONE);
    expect(textOf(decoded.events)).toBe('so far');
    expect(decoded.error).toMatchObject({
      code: 'rate_limited',
      status: 429,
      generationId: expect.any(String),
    });
  });

  it.each([
    ['a textual code', errorChunk('server_error'), 'provider_down'],
    ['a numeral as its code', errorChunk('402'), 'no_credit'],
    ['a finish reason alone', finishChunk('error'), 'provider_down'],
    [
      'an error within the choice',
      event({ choices: [{ error: { code: 502 }, finish_reason: 'error' }] }),
      'provider_down',
    ],
    ['nothing but a string', event({ error: 'model runner has unexpectedly stopped' }), 'provider_down'],
    ['an event of type error', 'event: error\ndata: {"message":"no","code":429}\n\n', 'rate_limited'],
    ['an error object at the top', event({ object: 'error', message: 'no', code: 400 }), 'bad_request'],
  ])('fails on an error inside the stream with %s', async (_, chunk, code) => {
    expect(codeOf(await decode(textChunk('a'), chunk))).toBe(code);
  });

  it('keeps apart what is text and what is not among content parts', async () => {
    const content = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
      { type: 'text', text: 'Hello' },
    ];
    const decoded = await decode(event({ choices: [{ delta: { content } }] }), finishChunk(), DONE);
    expect(textOf(decoded.events)).toBe('Hello');
  });

  it('takes the words of a refusal for text', async () => {
    const decoded = await decode(
      event({ choices: [{ delta: { refusal: "I can't." } }] }),
      finishChunk(),
      DONE,
    );
    expect(textOf(decoded.events)).toBe("I can't.");
  });

  it('cites 40 addresses of at most 2,000 characters, each once, with 300 characters of their titles', async () => {
    const long = (chars: number) => 'https://e.org/'.padEnd(chars, 'x');
    const short = Array.from({ length: 45 }, (_, index) => `https://e.org/${index}`);
    const title = 't'.repeat(400);
    const annotations = [long(2_001), long(2_000), ...short.slice(0, 2), ...short].map((url) => ({
      url_citation: { url, title },
    }));
    const { events } = await decode(event({ choices: [{ delta: { annotations } }] }), finishChunk(), DONE);
    const cited = events.filter(({ type }) => type === 'citation');
    expect(cited).toEqual(
      [long(2_000), ...short.slice(0, 39)].map((url) => ({
        type: 'citation',
        url,
        title: title.slice(0, 300),
      })),
    );
  });

  it('cites web addresses only', async () => {
    const annotations = ['javascript:alert(1)', 'https://', 'https://example.org/'].map((url) => ({
      type: 'url_citation',
      url_citation: { url },
    }));
    const { events } = await decode(event({ choices: [{ delta: { annotations } }] }), finishChunk(), DONE);
    expect(events.filter(({ type }) => type === 'citation')).toEqual([
      { type: 'citation', url: 'https://example.org/', title: null },
    ]);
  });

  it.each([
    ['stop', 'stop STOP end_turn stop_sequence eos eos_token complete completed FINISH_REASON_STOP'],
    [
      'length',
      'length max_tokens max_output_tokens max_completion_tokens max_length model_length token_limit model_context_window_exceeded FINISH_REASON_MAX_TOKENS',
    ],
    [
      'content_filter',
      'content_filter content_filtered content_policy guardrail_intervened refusal SAFETY IMAGE_SAFETY RECITATION PROHIBITED_CONTENT BLOCKLIST SPII sensitive ERROR_TOXIC',
    ],
    ['tool_calls', 'tool_calls tool_call tool_use function_call'],
    ['unknown', 'whatever constructor __proto__'],
  ])('takes these finish reasons for %s: %s', async (finish, reasons) => {
    for (const reason of reasons.split(' ')) {
      const decoded = await decode(finishChunk(reason), DONE);
      expect([reason, doneOf(decoded)?.finish]).toEqual([reason, finish]);
    }
  });

  it.each(['error', 'network_error', 'insufficient_system_resource'])(
    'fails with the finish reason %s',
    async (reason) => {
      expect(codeOf(await decode(textChunk('a'), finishChunk(reason), DONE))).toBe('provider_down');
    },
  );

  const NO_USE = {
    promptTokens: 100,
    completionTokens: 10,
    reasoningTokens: 0,
    cachedPromptTokens: 0,
    cacheWriteTokens: 0,
    webSearches: 0,
    costNanoUsd: null,
    isByok: false,
  };
  const TOKENS = { prompt_tokens: 100, completion_tokens: 10 };

  it.each<[string, object, object | null]>([
    ['tokens alone', TOKENS, {}],
    ['the names of newer APIs', { input_tokens: 100, output_tokens: 10 }, {}],
    ['a total without output', { prompt_tokens: 100, total_tokens: 130 }, { completionTokens: 30 }],
    ['a total that leaves out nothing', { ...TOKENS, total_tokens: 110 }, {}],
    ['a total that is more than its parts', { ...TOKENS, total_tokens: 150 }, { completionTokens: 50 }],
    ['a total that is less', { ...TOKENS, total_tokens: 5 }, {}],
    [
      'reasoning as part of the output',
      { ...TOKENS, completion_tokens_details: { reasoning_tokens: 10 } },
      { reasoningTokens: 10 },
    ],
    [
      'reasoning beside the output',
      { ...TOKENS, output_tokens_details: { reasoning_tokens: 11 } },
      { completionTokens: 21, reasoningTokens: 11 },
    ],
    ['reasoning at the top', { ...TOKENS, reasoning_tokens: 4 }, { reasoningTokens: 4 }],
    [
      'a cache',
      { ...TOKENS, prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 30 } },
      { cachedPromptTokens: 60, cacheWriteTokens: 30 },
    ],
    [
      'more in a cache than in the prompt',
      { ...TOKENS, input_tokens_details: { cached_tokens: 70, cache_write_tokens: 60 } },
      { cachedPromptTokens: 70, cacheWriteTokens: 30 },
    ],
    ['cache hits at the top', { ...TOKENS, prompt_cache_hit_tokens: 200 }, { cachedPromptTokens: 100 }],
    ['searches', { ...TOKENS, server_tool_use: { web_search_requests: 2 } }, { webSearches: 2 }],
    [
      'searches, in details',
      { ...TOKENS, server_tool_use_details: { web_search_requests: 3 } },
      { webSearches: 3 },
    ],
    ['searches at the top', { ...TOKENS, num_search_queries: 4 }, { webSearches: 4 }],
    ['a price', { ...TOKENS, cost: 0.5 }, { costNanoUsd: 500_000_000 }],
    ['a price as a sum', { ...TOKENS, cost: { total_cost: 0.25 } }, { costNanoUsd: 250_000_000 }],
    ['a price that cannot be', { ...TOKENS, cost: 2_000_000 }, { costNanoUsd: 1e15 }],
    ['a price that is none', { ...TOKENS, cost: 'free' }, {}],
    [
      'a fee beside the price of a key of its own',
      { ...TOKENS, cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: 0.02 } },
      { costNanoUsd: 21_000_000, isByok: true },
    ],
    ['no prompt', { completion_tokens: 10 }, null],
    ['no output', { prompt_tokens: 10 }, null],
    ['counts that overflow', { prompt_tokens: Number.MAX_SAFE_INTEGER, completion_tokens: 1 }, null],
    ['counts that are none', { prompt_tokens: -1, completion_tokens: 1 }, null],
  ])('reads usage with %s', async (_, usage, read) => {
    const expected = read && { ...NO_USE, ...read };
    const places = [{ usage }, { choices: [{ usage }] }, { x_groq: { usage } }];
    for (const place of places) {
      const decoded = await decode(event(place), finishChunk(), DONE);
      expect(doneOf(decoded)?.usage).toEqual(expected);
    }
  });

  const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
  const imageChunk = (...urls: string[]) =>
    event({ choices: [{ delta: { images: urls.map((url) => ({ image_url: { url } })) } }] });
  const dataUrl = (bytes: Uint8Array) => `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;
  const imagesOf = ({ events }: Decoded) => events.filter((each) => each.type === 'image');

  it.each([
    ['image/png', '89504e470d0a1a0a00'],
    ['image/jpeg', 'ffd8ff00'],
    ['image/gif', '47494638376100'],
    ['image/gif', '47494638396100'],
    ['image/webp', '524946460000000057454250'],
  ])('knows %s by its first bytes, whatever its label says', async (mediaType, hex) => {
    const bytes = Buffer.from(hex, 'hex');
    const url = `data:image/bmp;base64,${bytes.toString('base64')}`;
    const decoded = await decode(imageChunk(url), finishChunk(), DONE);
    expect(imagesOf(decoded)).toEqual([{ type: 'image', mediaType, bytes }]);
  });

  it('takes four images, each once, and counts the others as skipped', async () => {
    const images = Array.from({ length: 6 }, (_, at) => dataUrl(Buffer.concat([PNG, Buffer.of(at)])));
    const decoded = await decode(
      imageChunk(...images.slice(0, 2)),
      imageChunk(...images),
      event({ choices: [{ delta: { images: [{ image_url: images[0] }] } }] }),
      finishChunk(),
      DONE,
    );
    expect(imagesOf(decoded)).toHaveLength(4);
    expect(doneOf(decoded)?.skippedImages).toBe(2);
  });

  it('skips images of other types, and what is no image', async () => {
    const decoded = await decode(
      imageChunk('data:image/svg+xml;base64,PHN2Zy8+', `data:image/png,${PNG.toString('hex')}`),
      finishChunk(),
      DONE,
    );
    expect([imagesOf(decoded).length, doneOf(decoded)?.skippedImages]).toEqual([0, 2]);
  });

  it('skips images of more than 8 MiB, or more than 20 MiB together', () => {
    const most = 8 * 1024 * 1024;
    const images = new ImageReader();
    // In base64 three bytes of zeros are four letters.
    const start = dataUrl(Buffer.concat([PNG, Buffer.alloc(1)]));
    const read = (bytes: number) =>
      images.read(start + 'AAAA'.repeat((bytes - 9) / 3))?.bytes.byteLength ?? null;
    expect([most + 1, most - 2, most - 5, most / 2 + 11].map(read)).toEqual([null, most - 2, most - 5, null]);
    expect(images.skipped).toBe(2);
  });

  it('names at most five tools that the model called, each once, and no markup', async () => {
    const call = (name: unknown) => ({ function: { name, arguments: '{}' } });
    const names = ['a', 'a', '<b>', 'x'.repeat(65), 'x'.repeat(64), 'c.d:e-f', 3, 'g', 'h', 'i'];
    const decoded = await decode(
      event({ choices: [{ delta: { tool_calls: names.map(call) } }] }),
      event({ choices: [{ delta: { function_call: { name: 'j' } } }] }),
      finishChunk('tool_calls'),
      DONE,
    );
    expect(doneOf(decoded)?.tools).toEqual(['a', 'x'.repeat(64), 'c.d:e-f', 'g', 'h']);
    expect(
      doneOf(await decode(event({ choices: [{ delta: { function_call: { name: 'j' } } }] }), DONE))?.tools,
    ).toEqual(['j']);
  });

  it.each([
    ['reasoning', { reasoning: 'hm' }],
    ['reasoning_content', { reasoning_content: 'hm' }],
    ['both', { reasoning: 'hm', reasoning_content: 'hm' }],
  ])('reads reasoning from the field %s', async (_, delta) => {
    const { events } = await decode(event({ choices: [{ delta }] }), textChunk('a'), finishChunk(), DONE);
    expect(events.filter((each) => 'delta' in each)).toEqual([
      { type: 'reasoning', delta: 'hm' },
      { type: 'text', delta: 'a' },
    ]);
  });

  it("cites a search engine's results beside the choices, each once", async () => {
    const results = [{ url: 'https://e.com/a', title: 'A' }];
    const chunk = event({ search_results: results, citations: ['https://e.com/a', 'https://e.com/b'] });
    const { events } = await decode(chunk, chunk, finishChunk(), DONE);
    expect(events.filter(({ type }) => type === 'citation')).toEqual([
      { type: 'citation', url: 'https://e.com/a', title: 'A' },
      { type: 'citation', url: 'https://e.com/b', title: null },
    ]);
  });

  it.each([
    ['nothing', '{}'],
    ['null fields', '{"choices":null,"usage":null,"error":null,"id":null}'],
    ['null choices', '{"choices":[null]}'],
    ['a null delta', '{"choices":[{"delta":null,"finish_reason":null}]}'],
    [
      'wrong types',
      '{"choices":[{"delta":{"content":7,"reasoning":{},"annotations":[1]}}],"usage":3,"model":[]}',
    ],
  ])('reads nothing from a chunk with %s', async (_, chunk) => {
    const decoded = await decode(`data: ${chunk}\n\n`, KEEP_ALIVE, finishChunk(), DONE);
    expect(decoded.error).toBeNull();
    expect(decoded.events.map(({ type }) => type)).toEqual(['start', 'start', 'done']);
  });
});

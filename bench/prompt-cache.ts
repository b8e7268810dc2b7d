import { costNanoUsd } from '../src/core/ledger/pricing.ts';
import { messagesToCache } from '../src/core/ledger/prompt-cache.ts';
import { type Model, NO_TRAITS } from '../src/core/ports/model.ts';
import { type ModelPrices, NO_PRICES, type Usage } from '../src/core/ports/provider.ts';
import { promptFor } from '../src/core/prompt/prompt.ts';
import { defineProvider } from '../src/core/provider/definition.ts';
import { chatBody } from '../src/core/provider/wire.ts';
import type { Row } from './support/row.ts';

const TURNS = 20;
/** Question and answer together. */
const TOKENS_PER_TURN = 400;
const BYTES_PER_TOKEN = 4;
const SMALLEST_PREFIX_TOKENS = 1_024;

/** At the prices of November 2026, in pico-dollars per token; writes cost 1.25 times, reads a tenth. */
const CLAUDE: ModelPrices = {
  ...NO_PRICES,
  promptPicoUsd: 3_000_000,
  cachedPromptPicoUsd: 300_000,
  cacheWritePicoUsd: 3_750_000,
  completionPicoUsd: 15_000_000,
};
const GPT: ModelPrices = {
  ...NO_PRICES,
  promptPicoUsd: 1_250_000,
  cachedPromptPicoUsd: 125_000,
  completionPicoUsd: 10_000_000,
};

/** The cost of a thread's prompts where providers cache them, over the same thread without a cache. */
export async function measurePromptCache(): Promise<Row[]> {
  const name = `input cost of a thread of ${TURNS} turns of ${TOKENS_PER_TURN} tokens over that without a cache`;
  return [
    {
      name: `${name}, breakpoints (Claude)`,
      value: await costShare('anthropic/claude-sonnet-4.5', CLAUDE, marked),
      unit: '×',
      wanted: 0.35,
    },
    {
      name: `${name}, cached by itself (GPT)`,
      value: await costShare('openai/gpt-5', GPT, common),
      unit: '×',
      wanted: 0.35,
    },
  ];
}

type Cached = Pick<Usage, 'cachedPromptTokens' | 'cacheWriteTokens'>;

/** @param cache what a provider finds of a prompt in its cache, which holds those before, and writes into it */
async function costShare(
  id: string,
  prices: ModelPrices,
  cache: (body: Body, before: string[]) => Cached,
): Promise<number> {
  const offer = {
    contextTokens: 200_000,
    maxOutputTokens: null,
    prices,
    input: ['text'],
    output: ['text'],
    endsOn: null,
    thinks: false,
    efforts: [],
    defaultEffort: null,
    gone: false,
  } as const;
  const model: Model = {
    id,
    name: id,
    tier: 'premium',
    onlyOn: null,
    traits: NO_TRAITS,
    routes: [{ provider: 'openrouter', wireModel: id, ...offer }],
    ...offer,
  };
  const definition = defineProvider({ id: 'openrouter', preset: 'openrouter' });
  const half = (TOKENS_PER_TURN * BYTES_PER_TOKEN) / 2;
  const before: string[] = [];
  const turns: Parameters<typeof promptFor>[0]['turns'][number][] = [];
  let [withCache, without] = [0, 0];

  for (let turn = 0; turn < TURNS; turn++) {
    const question = `Question ${turn} `.padEnd(half, 'x');
    const parts = {
      guild: 'discord:1',
      model,
      maxOutputTokens: 8_192,
      turns,
      asker: { user: 'mia', name: 'Mia' },
      question: { text: question },
      // A thread of some days.
      summary: null,
      day: `2026-11-${10 + Math.floor(turn / 4)}`,
      instructions: [],
      channel: 'general',
    } as const;
    const prompt = await promptFor(parts, new AbortController().signal);
    if (!prompt.ok) throw new Error(prompt.text);
    const { messages } = prompt;
    const request = { wireModel: id, messages, cachedMessages: messagesToCache(id, messages) };
    const body = chatBody(definition, request, undefined, new Set()) as unknown as Body;
    const promptTokens = tokensIn(JSON.stringify(body.messages, plain));
    const usage: Usage = {
      promptTokens,
      completionTokens: 0,
      reasoningTokens: 0,
      cachedPromptTokens: 0,
      cacheWriteTokens: 0,
      webSearches: 0,
      costNanoUsd: null,
      isByok: false,
    };
    const dearest = {
      promptPicoUsd: 0,
      completionPicoUsd: 0,
      requestPicoUsd: 0,
      imagePicoUsd: 0,
      webSearchPicoUsd: 0,
    };
    without += costNanoUsd(offer, usage, dearest);
    withCache += costNanoUsd(offer, { ...usage, ...cache(body, before) }, dearest);
    const answer = `Answer ${turn} `.padEnd(half, 'y');
    turns.push({
      id: `${turn}`,
      user: 'mia',
      author: 'Mia',
      question,
      answer,
      model: id,
      status: 'complete',
      askedAtMs: turn,
    });
  }
  return withCache / without;
}

interface Body {
  readonly messages: readonly { readonly content: string | readonly { readonly cache_control?: object }[] }[];
}

/** Anthropic's: up to the mark, where the prefix is long enough; what an earlier request wrote is read. */
function marked({ messages }: Body, before: string[]): Cached {
  const end = messages.findIndex(
    ({ content }) => typeof content !== 'string' && content.some((part) => part.cache_control !== undefined),
  );
  const prefix = JSON.stringify(messages.slice(0, end + 1), plain).slice(0, -1);
  if (end < 0 || tokensIn(prefix) < SMALLEST_PREFIX_TOKENS)
    return { cachedPromptTokens: 0, cacheWriteTokens: 0 };
  const found = Math.max(0, ...before.filter((written) => prefix.startsWith(written)).map(tokensIn));
  before.push(prefix);
  return { cachedPromptTokens: found, cacheWriteTokens: tokensIn(prefix) - found };
}

/** OpenAI's: all that a prompt has in common with one before, in steps of 128 tokens from 1,024 on. */
function common({ messages }: Body, before: string[]): Cached {
  const prompt = JSON.stringify(messages, plain);
  const shared = (other: string) => {
    let length = 0;
    while (length < prompt.length && prompt[length] === other[length]) length++;
    return tokensIn(prompt.slice(0, length));
  };
  const found = Math.max(0, ...before.map(shared));
  before.push(prompt);
  const cachedPromptTokens = found < SMALLEST_PREFIX_TOKENS ? 0 : found - (found % 128);
  return { cachedPromptTokens, cacheWriteTokens: 0 };
}

/** Marks are no part of a prompt. */
function plain(key: string, value: unknown): unknown {
  if (key !== 'content' || !Array.isArray(value)) return value;
  return value.map(({ text }) => text).join('');
}

function tokensIn(text: string): number {
  return Math.floor(text.length / BYTES_PER_TOKEN);
}

import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';

/** OpenAI's vocabularies by size: `100k` is cl100k_base (GPT-3.5, GPT-4), `200k` is o200k_base (since GPT-4o). */
export type VocabularySize = '100k' | '200k';

export interface Vocabulary {
  /** Cuts a text into pieces; no token crosses a cut. */
  readonly pieces: RegExp;
  /** The first 64,000 tokens by rank, each as one character per byte. */
  readonly ranks: ReadonlyMap<string, number>;
}

const CONTRACTION = "'(?:[sS]|[dD]|[mM]|[tT]|[lL][lL]|[vV][eE]|[rR][eE])";
const UPPER = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const LOWER = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;

/** @see https://github.com/openai/tiktoken/blob/main/tiktoken_ext/openai_public.py */
const PIECES = {
  '100k': [
    CONTRACTION,
    String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`,
    String.raw`\p{N}{1,3}`,
    String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`,
    String.raw`\s+$`,
    String.raw`\s*[\r\n]`,
    String.raw`\s+(?!\S)`,
    String.raw`\s`,
  ],
  '200k': [
    String.raw`[^\r\n\p{L}\p{N}]?${UPPER}*${LOWER}+(?:${CONTRACTION})?`,
    String.raw`[^\r\n\p{L}\p{N}]?${UPPER}+${LOWER}*(?:${CONTRACTION})?`,
    String.raw`\p{N}{1,3}`,
    String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`,
    String.raw`\s*[\r\n]+`,
    String.raw`\s+(?!\S)`,
    String.raw`\s+`,
  ],
} as const satisfies Record<VocabularySize, readonly string[]>;

const unpack = promisify(brotliDecompress);
const loaded = new Map<VocabularySize, Promise<Vocabulary>>();

/** Reads `merges-<size>.br` beside this file once. Takes 30 ms, and 4 MB from then on. */
export function loadVocabulary(size: VocabularySize): Promise<Vocabulary> {
  let vocabulary = loaded.get(size);
  if (vocabulary === undefined) {
    vocabulary = read(size);
    loaded.set(size, vocabulary);
  }
  return vocabulary;
}

async function read(size: VocabularySize): Promise<Vocabulary> {
  const bytes = await unpack(await readFile(new URL(`merges-${size}.br`, import.meta.url)));
  const ranks = new Map<string, number>();
  for (let at = 0; at < bytes.length; ) {
    // Each token follows a byte with its length.
    const end = at + 1 + bytes.readUInt8(at);
    ranks.set(bytes.toString('latin1', at + 1, end), ranks.size);
    at = end;
  }
  return { pieces: new RegExp(PIECES[size].join('|'), 'gu'), ranks };
}

/** The vocabulary of an OpenAI model, by the provider's id; null for other makers' models. */
export function vocabularyOf(wireModel: string): VocabularySize | null {
  const name = wireModel.slice(wireModel.lastIndexOf('/') + 1);
  if (/^(?:chatgpt-4o|gpt-4o|gpt-4\.[1-9]|gpt-[5-9]|gpt-oss|o[1-9])/.test(name)) return '200k';
  return /^gpt-(?:3\.5|4)/.test(name) ? '100k' : null;
}

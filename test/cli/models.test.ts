import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { parseCatalogueFile } from '../../src/core/catalogue/file.ts';
import { createFakeProvider, type FakeProvider } from '../support/provider/fake-provider.ts';

const KEY = 'sk-or-v1-secret-of-the-operator';
const LISTED = [
  { id: 'openai/gpt-4o', name: 'OpenAI: GPT-4o' },
  {
    id: 'anthropic/claude-sonnet-4.5',
    name: 'Anthropic: Claude Sonnet 4.5',
    context_length: 1_000_000,
    pricing: { prompt: '0.000003', completion: '0.000015', input_cache_read: '0.0000003' },
    architecture: { input_modalities: ['text', 'image', 'file'] },
    top_provider: { max_completion_tokens: 64_000 },
    reasoning: { mandatory: false, supported_efforts: ['high', 'low', 'none'] },
  },
  { id: 'qwen/qwen3:free', name: 'Qwen3 (free)', pricing: { prompt: '0', completion: '0' } },
];

let folder: string;
let path: string;
let provider: FakeProvider;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  path = join(folder, 'models.json');
  copyFileSync('models.json', path);
  provider = await createFakeProvider({ keys: [KEY], models: LISTED });
});
afterEach(async () => {
  await provider.close();
  rmSync(folder, { recursive: true });
});

const run = (args: readonly string[], more: Record<string, string> = {}) =>
  runCli(args, async () => ({
    variables: {
      MODELS_FILE: path,
      OPENROUTER_BASE_URL: provider.url,
      OPENROUTER_API_KEY: KEY,
      STORE_URL: 'memory:',
      ...more,
    },
    inFile: new Set(),
  }));

const entry = (id: string) =>
  parseCatalogueFile(readFileSync(path, 'utf8')).models.find((model) => model.id === id);

describe('models on the command line', () => {
  it('searches what the providers offer, with prices and whether it is listed', async () => {
    const { code, output } = await run(['models', 'search', 'CLAUDE', 'sonnet']);
    expect(code).toBe(0);
    expect(output).toMatch(
      /\nanthropic\/claude-sonnet-4\.5 +Anthropic: Claude Sonnet 4\.5 +openrouter +1,000,000 +\$3\.00 +\$15\.00 +yes +none low high *\n/,
    );
    expect(output).not.toContain('gpt-4o');
    expect(output).toMatch(/\nAdd one with `models add <id>`\.\n$/);
    expect((await run(['models', 'search', 'gpt'])).output).toMatch(/\nopenai\/gpt-4o .* yes *\n/);
    expect((await run(['models', 'search', 'nothing'])).output).toBe('No model has a name like that.\n');
    expect(JSON.parse((await run(['models', 'search', 'gpt', '--json'])).output)).toMatchObject([
      { id: 'openai/gpt-4o', provider: 'openrouter', listed: true },
    ]);
    const refused = await run(['models', 'search'], { OPENROUTER_API_KEY: 'sk-or-v1-another-key' });
    expect(refused.output).not.toContain('sk-or-v1');
  });

  it('asks each provider that has a key', async () => {
    const { output } = await run(['models', 'search', 'qwen'], {
      OPENAI_BASE_URL: provider.url,
      OPENAI_API_KEY: KEY,
    });
    expect(output).toMatch(/\nqwen\/qwen3:free .* openrouter [\s\S]*\nqwen\/qwen3:free .* openai /);
    expect((await run(['models', 'search', 'qwen'])).output).not.toMatch(/ openai |No answer from/);
  });

  it('shows the first fifty that it finds, and says how many more there are', async () => {
    await provider.close();
    const many = Array.from({ length: 52 }, (_, index) => ({ id: `maker/model-${index}`, name: 'One' }));
    provider = await createFakeProvider({ keys: [KEY], models: many });
    const { output } = await run(['models', 'search', 'maker']);
    expect(output.match(/^maker\/model-/gm)).toHaveLength(50);
    expect(output).toContain('\n… and 2 more. Search for a longer name.\n');
  });

  it('adds a model as its provider describes it, and leaves the rest of the file as it was', async () => {
    const before = readFileSync(path, 'utf8');
    expect((await run(['models', 'add', 'anthropic/claude-sonnet-4.5'])).output).toMatch(
      /^Added anthropic\/claude-sonnet-4\.5 \(.*\) to .*, in tier openrouter\./,
    );
    const after = readFileSync(path, 'utf8');
    expect(after.startsWith(before.slice(0, before.lastIndexOf('}\n  ]')))).toBe(true);
    expect(entry('anthropic/claude-sonnet-4.5')).toMatchObject({
      tier: 'openrouter',
      contextTokens: 1_000_000,
      maxOutputTokens: 64_000,
      prices: { promptPicoUsd: 3_000_000, completionPicoUsd: 15_000_000, cachedPromptPicoUsd: 300_000 },
      input: ['text', 'image'],
    });
    await run(['models', 'add', 'qwen/qwen3:free', '--name', 'Qwen']);
    expect(entry('qwen/qwen3:free')).toMatchObject({ tier: 'free', name: 'Qwen' });
    expect((await run(['models', 'remove', 'qwen/qwen3:free'])).code).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe(after);
  });

  it('never leaves a file with a fault', async () => {
    const before = readFileSync(path, 'utf8');
    const twice = await run(['models', 'add', 'openai/gpt-4o']);
    expect([twice.code, twice.errors]).toEqual([1, expect.stringContaining('appears twice')]);
    expect((await run(['models', 'add', 'openai/gpt-9'])).errors).toMatch(
      /^No provider offers openai\/gpt-9\./,
    );
    const none = await run(['models', 'remove', 'openai/gpt-9']);
    expect(none.errors).toMatch(/has no model openai\/gpt-9\.\nIt has meta-llama/);
    const needed = await run(['models', 'remove', 'openai/gpt-4o'], { DEFAULT_MODEL: 'openai/gpt-4o' });
    expect(needed.errors).toMatch(/is DEFAULT_MODEL/);
    expect(readFileSync(path, 'utf8')).toBe(before);
    writeFileSync(path, before.replace('"free"', '"gold"'));
    expect((await run(['models', 'remove', 'openai/gpt-4o'])).errors).toMatch(/models\[0\]\.tier/);
  });

  it('checks the models of the file, and exits with 1 where some are gone', async () => {
    const { code, output } = await run(['models', 'check']);
    expect(code).toBe(1);
    expect(JSON.parse((await run(['models', 'check', '--json'])).output)).toMatchObject({ ok: false });
    expect(output).toMatch(
      /! Models +anthropic\/claude-3\.5-sonnet is no longer offered.* Replace it by anthropic\/claude-sonnet-4\.5 /,
    );
  });

  it.each([
    [['models'], /^The action is missing\. Use search, check, add or remove/],
    [['models', 'add'], /^The model id is missing/],
    [['models', 'remove'], /^The model id is missing/],
    ...[
      ['check', 'x'],
      ['add', 'x/y', 'z'],
      ['remove', 'x/y', 'z'],
    ].map((words): [string[], RegExp] => [['models', ...words], /is one argument too many/]),
    [['models', 'add', 'x/y', '--tier', 'gold'], /^"gold" is not a tier/],
    [['models', 'check', '--tier', 'free'], /^--tier cannot be used here/],
  ])('refuses %j', async (args, words) => {
    const { code, errors } = await run(args);
    expect([code, errors]).toEqual([2, expect.stringMatching(words)]);
  });
});

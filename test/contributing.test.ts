import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createCatalogue } from '../src/core/catalogue/catalogue.ts';
import { parseCatalogueFile } from '../src/core/catalogue/file.ts';
import { parseOptions } from '../src/core/ports/command.ts';
import { LIMITS } from '../src/core/ports/limits.ts';
import { createConsoleAdapter } from './fixtures/contributing/platform.ts';
import { roll } from './fixtures/contributing/roll.ts';
import { createTestBot } from './support/test-bot.ts';

const FOLDER = 'test/fixtures/contributing/';
const guide = readFileSync('CONTRIBUTING.md', 'utf8');

/** As a file in `src/` imports it. */
function asShown(source: string): string {
  return source.replaceAll('../../../src/core/', '../core/').trim();
}

describe('CONTRIBUTING.md', () => {
  it.each(['roll.ts', 'models.json', 'platform.ts'])('shows %s as it compiles and runs here', (file) => {
    expect(guide).toContain(asShown(readFileSync(FOLDER + file, 'utf8')));
  });

  it('shows a command that checks its options and answers', async () => {
    expect(parseOptions(roll, { sides: '7' })).toMatchObject({ ok: false });
    const told: unknown[] = [];
    const tell = async (notice: unknown) => void told.push(notice);
    await roll.run({ tell } as never, { sides: '20' });
    expect(told).toEqual([expect.stringMatching(/^You rolled \d+ of 20\.$/)]);
  });

  it('shows a provider and a model that the catalogue takes', () => {
    const catalogue = createCatalogue(parseCatalogueFile(readFileSync(`${FOLDER}models.json`, 'utf8')));
    expect(catalogue.resolve('qwen', 'discord').model?.id).toBe('lab/qwen');
  });

  it('shows a platform on which commands answer', async () => {
    const bot = await createTestBot();
    const lines: string[] = [];
    const { adapter, run } = createConsoleAdapter((line) => lines.push(line));
    expect(adapter.ready()).toBe(false);
    await adapter.start(bot.dispatch);
    await run('1', 'help');
    expect(lines.join('\n')).toContain('/ask');
    await adapter.stop();
    expect(adapter.ready()).toBe(false);
    await bot.close();
  });

  it('shows a row of the table of limits as it stands there', () => {
    const { requestsPerUserPerDay: row } = LIMITS;
    const shown = `  requestsPerUserPerDay: {
    scope: '${row.scope}',
    unit: '${row.unit}',
    period: '${row.period}',
    setting: '${row.setting}',
    defaults: byTier(${row.defaults.free}, ${row.defaults.openai}),
    option: { value: '${row.option.value}', label: '${row.option.label}' },
  },`;
    expect(guide).toContain(shown);
    expect(readFileSync('src/core/ports/limits.ts', 'utf8')).toContain(shown);
  });

  it('names files that are there', () => {
    const named = Array.from(
      guide.matchAll(/`((?:src|test|docs|scripts|bench)\/[\w./-]+\.(?:ts|md|json))`/g),
      ([, path = '']) => path,
    );
    expect(named.length).toBeGreaterThan(8);
    for (const path of named) expect(() => readFileSync(path), path).not.toThrow();
  });
});

import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

/** The examples, and what a reader of the guide writes otherwise than here. */
const EXAMPLES: readonly { file: string; changes?: Readonly<Record<string, string>> }[] = [
  { file: 'roll.ts', changes: { '../../../src/core/': '../core/' } },
  {
    file: 'roll.test.ts',
    changes: { '../../support/': '../support/', './roll.ts': '../../src/commands/roll.ts' },
  },
  { file: 'models.json' },
  { file: 'lab.test.ts', changes: { [`${FOLDER}models.json`]: 'test/fixtures/lab.json' } },
  { file: 'platform.ts', changes: { '../../../src/core/': '../core/' } },
];

describe('CONTRIBUTING.md', () => {
  it.each(EXAMPLES)('shows $file as it compiles and runs here', ({ file, changes = {} }) => {
    let source = readFileSync(FOLDER + file, 'utf8').trim();
    for (const [here, there] of Object.entries(changes)) source = source.replaceAll(here, there);
    expect(guide).toContain(source);
  });

  it('shows the contract of a store as it is run', () => {
    const [, shown = 'nothing'] = /```ts\n(storeContract.*)\n```/.exec(guide) ?? [];
    expect(readFileSync('test/store/sqlite.test.ts', 'utf8')).toContain(shown);
  });

  it('shows a command that checks its options and answers', async () => {
    expect(parseOptions(roll, { sides: '7' })).toMatchObject({ ok: false });
    expect(await roll.run({} as never, { sides: '20' })).toMatch(/^You rolled \d+ of 20\.$/);
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
});

const GUIDES = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', '.env.example'].concat(
  globSync(['docs/**/*.md', 'test/**/README.md', 'bench/**/*.md', 'deploy/**/*.md']),
);

/** Files that the guide's reader writes, and that Parley writes. */
const WRITTEN_LATER = /^(?:test\/commands\/roll\.test\.ts|test\/core\/provider\/lab\.test\.ts|data\/.*)$/;

/** The repository's paths in a text: those in backticks below one of its folders, and the targets of links. */
function pathsIn(text: string): string[] {
  const quoted = text.matchAll(
    /`((?:src|core|app|adapters|commands|store|test|docs|scripts|bench|bin|deploy)\/[\w./-]+)`/g,
  );
  const linked = text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g);
  return [...quoted, ...linked].flatMap(([, path = '']) => (WRITTEN_LATER.test(path) ? [] : [path]));
}

describe('guides', () => {
  it.each(GUIDES)('%s names files and folders that are there', (file) => {
    const gone = pathsIn(readFileSync(file, 'utf8')).filter((path) =>
      [path, `src/${path}`, join(dirname(file), path)].every((place) => !existsSync(place)),
    );
    expect(gone).toEqual([]);
  });

  it('names many', () => {
    expect(GUIDES.flatMap((file) => pathsIn(readFileSync(file, 'utf8'))).length).toBeGreaterThan(150);
  });
});

import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ModelsFile, watchModelsFile } from '../../../src/app/config/models-file.ts';
import { readSetup } from '../../../src/app/config/setup.ts';
import { createCatalogue } from '../../../src/core/catalogue/catalogue.ts';
import { parseCatalogueFile } from '../../../src/core/catalogue/file.ts';
import { MAX_INSTRUCTIONS_CHARS } from '../../../src/core/conversations/instructions.ts';
import { factsOf } from '../../support/models.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
import { waitUntil } from '../../support/wait-until.ts';

const SHIPPED = readFileSync('models.json', 'utf8');
const ID = 'openai/gpt-4o-mini';

let folder: string;
let path: string;
let file: ModelsFile;
const { log, lines } = createLogRecorder();
const catalogue = createCatalogue(parseCatalogueFile(SHIPPED));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  path = join(folder, 'models.json');
  writeFileSync(path, SHIPPED);
  file = watchModelsFile({
    path,
    read: async () => (await readSetup({ variables: { MODELS_FILE: path } })).file,
    apply: (read) => catalogue.replace(read),
    log,
    lookEveryMs: 20,
  });
});
afterEach(async () => {
  await file.stop();
  rmSync(folder, { recursive: true });
});

/** As editors save. */
function save(text: string): void {
  writeFileSync(`${path}~`, text);
  renameSync(`${path}~`, path);
}
const tier = () => catalogue.get(ID, 'discord')?.tier;

describe('the models file', () => {
  it('counts again when it is saved; an edit with a fault leaves all as it is, and the log says why', async () => {
    expect(tier()).toBe('openrouter');
    save(SHIPPED.replace(/("id": "openai\/gpt-4o-mini",[^}]*"tier": )"openrouter"/, '$1"free"'));
    await waitUntil(() => expect(tier()).toBe('free'));
    save(SHIPPED.replace('"tier": "free"', '"tier": "gold"'));
    await waitUntil(() =>
      expect(JSON.parse(lines.at(-1) ?? '{}')).toMatchObject({
        msg: 'the changed models file has a fault; the previous version stays in use',
        faults: expect.stringMatching(
          /^models\[0\]\.tier \(.*\) must be one of free, openai, openrouter, premium$/,
        ),
      }),
    );
    expect(tier()).toBe('free');
    save(SHIPPED.replace('{', '{ "tiers": { "free": { "maxEffort": "low" } },'));
    await waitUntil(() => expect(catalogue.bounds('free').maxEffort).toBe('low'));
    save(SHIPPED);
    await file.reload();
    expect([tier(), catalogue.bounds('free').maxEffort]).toEqual(['openrouter', null]);
  });

  it('keeps what providers said of models that stay', async () => {
    catalogue.apply('openrouter', [
      factsOf(ID, { contextTokens: 99 }),
      factsOf('openai/gpt-4o', { contextTokens: 99 }),
    ]);
    expect(catalogue.get('deepseek/deepseek-chat', 'discord')?.gone).toBe(true);
    await file.reload();
    expect(catalogue.get('deepseek/deepseek-chat', 'discord')?.gone).toBe(true);
    expect(catalogue.get(ID, 'discord')).toMatchObject({ gone: false, contextTokens: 99 });
  });
});

it('instructions in a file are as long as instructions may be, and no longer', async () => {
  const instructions = join(folder, 'instructions.md');
  const read = (length: number) => {
    writeFileSync(instructions, `${'x'.repeat(length)}\n`);
    return readSetup({ variables: { MODELS_FILE: path, INSTRUCTIONS_FILE: instructions } });
  };
  expect((await read(MAX_INSTRUCTIONS_CHARS)).instructions).toHaveLength(MAX_INSTRUCTIONS_CHARS);
  await expect(read(MAX_INSTRUCTIONS_CHARS + 1)).rejects.toThrow(/has [\d,]+ characters/);
});

import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/app/config/config.ts';
import { type Found, startNotes } from '../../src/app/start-notes.ts';
import { createCatalogue } from '../../src/core/catalogue/catalogue.ts';
import { parseCatalogueFile } from '../../src/core/catalogue/file.ts';
import { defineProvider } from '../../src/core/provider/definition.ts';
import { MODELS_FILE as CATALOGUE_FILE, factsOf } from '../support/models.ts';

function notes(found: Partial<Found>, MODELS_FILE = 'models.json'): readonly string[] {
  return startNotes({
    config: readConfig({ MODELS_FILE }),
    offer: { catalogue: createCatalogue(CATALOGUE_FILE), found: [], providers: { nameOf: (id) => id } },
    adapters: [{ platform: 'discord' }],
    refusals: [],
    gone: [],
    turned: null,
    pause: null,
    ...found,
  });
}

describe('what a start says of models', () => {
  it('that are gone: what could take their place, or that they are to be taken out', () => {
    expect(notes({ gone: [{ id: 'a/old', instead: 'a/new' }] })).toEqual([
      'a/old is no longer offered by its provider: replace it by a/new in models.json. `npm run doctor` checks all models.',
    ]);
    expect(notes({ gone: [{ id: 'a/old', instead: null }] }, 'mine.json')[0]).toContain(
      'remove it from mine.json',
    );
  });

  it('on this machine: lines that models.json takes as they are', () => {
    const definition = defineProvider({
      id: 'ollama',
      name: 'Ollama',
      baseUrl: 'http://127.0.0.1:11434/v1',
      keyless: true,
      free: true,
    });
    const models = [factsOf('llama3.2:3b'), factsOf('hf.co/aa/My-Model'), factsOf('/models/My Model.gguf')];
    const offer = {
      catalogue: createCatalogue(CATALOGUE_FILE),
      found: [{ definition, models }],
      providers: { nameOf: (id: string) => id },
    };
    expect(notes({ offer, adapters: [{ platform: 'web' }] })).toEqual([]);
    const [said = '', ...lines] = notes({ offer });
    expect(said).toMatch(/^Ollama runs on this machine\..*set LOCAL_MODELS=on, or add to models\.json:$/);
    const listed = (kind: string) =>
      lines
        .filter((line) => line.trim().startsWith(kind))
        .map((line): unknown => JSON.parse(line.slice(line.indexOf('{'))));
    const file = parseCatalogueFile(
      JSON.stringify({ providers: listed('providers'), models: listed('models') }),
    );
    expect(file.models.map(({ id, tier }) => [id, tier])).toEqual([
      ['ollama/llama3.2-3b', 'free'],
      ['ollama/hf.co-aa-my-model', 'free'],
    ]);
  });
});

describe('what a start says besides', () => {
  const said = (found: Partial<Found>) => notes(found).join('\n');

  it('of a default model that no server on this machine offers', () => {
    const config = readConfig({ DEFAULT_MODEL: 'ollama/llama3' });
    expect(said({ config })).toMatch(/^No server on this machine offers DEFAULT_MODEL ollama\/llama3, /);
    const [known] = createCatalogue(CATALOGUE_FILE).list('web');
    expect(said({ config: readConfig({ DEFAULT_MODEL: known?.id ?? '' }) })).toBe('');
  });

  it('of keys that were rejected, in the provider’s terms', () => {
    const refusals = [
      { id: 'openrouter', variable: 'OPENROUTER_API_KEY' },
      { id: 'mine', variable: 'MY_KEY' },
    ];
    const [first = '', second = ''] = notes({ refusals });
    expect(first).toMatch(
      /^openrouter rejects the key in OPENROUTER_API_KEY\. Set it to (?!a key that it takes)/,
    );
    expect(second).toBe('mine rejects the key in MY_KEY. Set it to a key that it takes and restart Parley.');
  });

  it('of guilds’ keys that were encrypted anew, and of a pause', () => {
    expect(notes({ turned: { turned: 1, unreadable: 0 } })).toEqual([
      expect.stringMatching(/^Encryption: 1 key of guilds encrypted with the new ENCRYPTION_KEY\./),
    ]);
    expect(notes({ turned: { turned: 2, unreadable: 3 } })).toEqual([
      expect.stringMatching(/^Encryption: 2 keys of guilds encrypted/),
      expect.stringMatching(/^Encryption: 3 keys of guilds cannot be decrypted with either key\./),
    ]);
    expect(said({ pause: { sinceMs: Date.UTC(2026, 0, 2, 3, 4), by: 'olga', text: '' } })).toMatch(
      /^Paused since 2026-01-02.03:04.* by olga: nobody gets an answer/,
    );
  });

  it('of three models of a server at most, with the length of their context if it is known', () => {
    const definition = defineProvider({
      id: 'ollama',
      name: 'Ollama',
      baseUrl: 'http://127.0.0.1:1/v1',
      keyless: true,
      free: true,
    });
    const models = ['a', 'b', 'c', 'd'].map((id) =>
      factsOf(id, { contextTokens: id === 'a' ? 8_192 : null }),
    );
    const offer = {
      catalogue: createCatalogue(CATALOGUE_FILE),
      found: [{ definition, models }],
      providers: { nameOf: (id: string) => id },
    };
    const listed = notes({ offer }).filter((line) => line.trim().startsWith('models:'));
    expect(listed.map((line) => JSON.parse(line.slice(line.indexOf('{'))).contextTokens)).toEqual([
      8_192,
      undefined,
      undefined,
    ]);
    expect(notes({ offer, config: readConfig({ LOCAL_MODELS: 'on' }) })).toEqual([]);
  });

  it('what adapters found', () => {
    expect(
      notes({ adapters: [{ platform: 'discord', notes: ['Invite it.'] }, { platform: 'web' }] }),
    ).toEqual(['Invite it.']);
  });
});

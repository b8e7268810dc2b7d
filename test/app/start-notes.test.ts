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

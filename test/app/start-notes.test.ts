import { describe, expect, it } from 'vitest';
import { goneInWords, localInWords } from '../../src/app/start-notes.ts';
import { parseCatalogueFile } from '../../src/core/catalogue/file.ts';
import { defineProvider } from '../../src/core/provider/definition.ts';
import { factsOf } from '../support/models.ts';

describe('what a start says of models', () => {
  it('that are gone: what could take their place, or that they are to be taken out', () => {
    expect(goneInWords({ id: 'a/old', instead: 'a/new' }, 'models.json')).toBe(
      'a/old is no longer offered by its provider: replace it by a/new in models.json. `npm run doctor` checks all models.',
    );
    expect(goneInWords({ id: 'a/old', instead: null }, 'mine.json')).toContain('remove it from mine.json');
  });

  it('on this machine: lines that models.json takes as they are', () => {
    const definition = defineProvider({
      id: 'ollama',
      name: 'Ollama',
      baseUrl: 'http://127.0.0.1:11434/v1',
      keyless: true,
      free: true,
    });
    const [said = '', ...lines] = localInWords(
      [
        {
          definition,
          models: [factsOf('llama3.2:3b'), factsOf('hf.co/aa/My-Model'), factsOf('/models/My Model.gguf')],
        },
      ],
      'models.json',
    );
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

import { describe, expect, it } from 'vitest';
import {
  type CommandDeclaration,
  inWordsOf,
  isAskedInForm,
  type Option,
  optionsForOne,
  parseOptions,
  typedOptions,
} from '../../../src/core/ports/command.ts';
import { filePart } from '../../../src/core/ports/parts.ts';

const OPTIONS = {
  text: { type: 'text', description: 'The Text', maxChars: 10, required: true },
  secret: { type: 'secret', description: 'The key', maxChars: 5 },
  model: { type: 'model', description: 'The model' },
  file: { type: 'file', description: 'A file' },
  web: { type: 'flag', description: 'Search the web' },
  scope: {
    type: 'choice',
    description: 'For this {guild}',
    choices: [
      { value: 'me', label: 'For me' },
      { value: 'all', label: 'For the {guild}' },
    ],
  },
} as const satisfies Record<string, Option>;

const command: CommandDeclaration = {
  name: 'do',
  description: 'Do it in this {guild}',
  options: OPTIONS,
  role: 'member',
  reply: 'private',
};

const FILE = filePart({
  name: 'a.txt',
  mediaType: 'text/plain; charset=utf-8',
  sizeBytes: 1,
  reference: 'r',
});

describe('options of a command', () => {
  it('are taken as declared: text without space around it, a flag as false, and nothing that is not given', () => {
    const raw = { text: ' a b ', secret: 'key', model: 'gpt', file: FILE, web: true, scope: 'all' };
    expect(parseOptions(command, raw)).toEqual({ ok: true, values: { ...raw, text: 'a b' } });
    const least = { text: 'x'.repeat(10), secret: undefined, model: null, scope: undefined };
    expect(parseOptions(command, least)).toEqual({ ok: true, values: { text: 'x'.repeat(10), web: false } });
  });

  it.each([
    [
      { text: 'a', nothing: 1 },
      '`/do` has no option `nothing`. It takes `text`, `secret`, `model`, `file`, `web`, `scope`.',
    ],
    [
      { text: 'a', constructor: 1 },
      '`/do` has no option `constructor`. It takes `text`, `secret`, `model`, `file`, `web`, `scope`.',
    ],
    [{}, '`/do` needs `text`: the Text.'],
    [{ text: ' ' }, '`/do` needs `text`: the Text.'],
    [{ text: 1 }, '`text` must be text.'],
    [{ text: 'x'.repeat(11) }, '`text` is 11 characters long; at most 10 are allowed.'],
    [{ text: 'a', secret: 'secret' }, '`secret` is 6 characters long; at most 5 are allowed.'],
    [{ text: 'a', model: true }, '`model` must be the name of a model; see `/models`.'],
    [{ text: 'a', model: 'm'.repeat(201) }, '`model` must be the name of a model; see `/models`.'],
    [{ text: 'a', file: 'a.txt' }, '`file` must be a file.'],
    [{ text: 'a', web: 'yes' }, '`web` takes no value.'],
    [{ text: 'a', scope: 'you' }, '`scope` must be one of `me`, `all`.'],
  ])('are refused in a sentence: %j', (raw, problem) => {
    expect(parseOptions(command, raw)).toEqual({ ok: false, problem });
  });

  it('are refused by a command that takes none, and may have a model of 200 characters', () => {
    const none = parseOptions({ name: 'new', options: {} }, { all: true });
    expect(none).toEqual({ ok: false, problem: '`/new` has no option `all`. It takes none.' });
    expect(parseOptions(command, { text: 'a', model: 'm'.repeat(200) }).ok).toBe(true);
  });

  it('are typed unless they are files, and asked for in a form if one is secret', () => {
    expect(typedOptions(command).map(([name]) => name)).toEqual(['text', 'secret', 'model', 'web', 'scope']);
    expect(isAskedInForm(command)).toBe(true);
    expect(isAskedInForm({ options: { text: OPTIONS.text } })).toBe(false);
  });

  it('are `private` from a menu, where a command has that flag', () => {
    expect(optionsForOne(command)).toEqual({});
    expect(optionsForOne({ options: { private: OPTIONS.web } })).toEqual({ private: true });
  });

  it("are described in the platform's words", () => {
    const { description, options } = inWordsOf('slack', command);
    expect(description).toBe('Do it in this workspace');
    expect(options).toEqual({
      ...OPTIONS,
      scope: {
        type: 'choice',
        description: 'For this workspace',
        choices: [
          { value: 'me', label: 'For me' },
          { value: 'all', label: 'For the workspace' },
        ],
      },
    });
    expect(inWordsOf('discord', command).description).toBe('Do it in this server');
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withCommandTable } from '../../scripts/command-table.ts';
import { commands } from '../../src/commands/index.ts';
import { type Command, defineCommand } from '../../src/core/command.ts';
import { inWordsOf, isAskedInForm, parseOptions } from '../../src/core/ports/command.ts';
import { PLATFORM_IDS, platformRow } from '../../src/core/ports/platforms.ts';

function commandNamed(name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found === undefined) throw new Error(`there is no command ${name}`);
  return found;
}

describe('the commands', () => {
  it('are declared within the platforms’ limits', () => {
    for (const command of commands) {
      expect(command.name).toMatch(/^[a-z0-9-]{1,32}$/);
      expect(command.description.length, command.name).toBeLessThanOrEqual(100);
      const options = Object.entries(command.options);
      expect(options.length).toBeLessThanOrEqual(25);
      for (const [name, option] of options) {
        expect(name).toMatch(/^[a-z0-9-]{1,32}$/);
        expect(option.description.length, `${command.name} ${name}`).toBeLessThanOrEqual(100);
        if (option.type === 'choice') expect(option.choices.length).toBeLessThanOrEqual(25);
        if (option.type === 'text') expect(option.maxChars).toBeLessThanOrEqual(6_000);
        if (option.type === 'secret') expect(option.maxChars).toBeLessThanOrEqual(3_000);
      }
      const required = options.map(([, option]) => option.required === true);
      expect(required, command.name).toEqual(required.toSorted((a, b) => Number(b) - Number(a)));
    }
  });

  it.each(PLATFORM_IDS)('are in the words of %s, and stay within the limits', (platform) => {
    for (const command of commands.map((each) => inWordsOf(platform, each))) {
      const options = Object.values(command.options);
      const texts = [
        command.description,
        ...options.flatMap((option) => [
          option.description,
          ...(option.type === 'choice' ? option.choices.map(({ label }) => label) : []),
        ]),
      ];
      for (const text of texts) {
        expect(text.length, text).toBeLessThanOrEqual(100);
        // Discord refuses all commands for one empty text.
        expect(text.trim(), command.name).not.toBe('');
        expect(text).not.toContain('{guild}');
      }
    }
    const { description } = inWordsOf(platform, commandNamed('forget'));
    expect(description).toBe(
      `Delete a conversation, your data, or all data of this ${platformRow(platform).guildWord}`,
    );
  });

  it('that are asked for in a form ask for what every platform has a field for', () => {
    const asked = commands.filter(isAskedInForm);
    expect(asked.map(({ name }) => name)).toEqual(['connect']);
    for (const { options } of asked) {
      const types = Object.values(options).map(({ type }) => type);
      expect(types.length).toBeLessThanOrEqual(5);
      expect(types.filter((type) => !['text', 'secret', 'choice'].includes(type))).toEqual([]);
    }
  });

  it('have names of their own', () => {
    expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length);
  });

  it('stand in the README as they are declared', () => {
    const readme = readFileSync('README.md', 'utf8');
    expect(withCommandTable(readme, commands)).toBe(readme);
  });
});

describe('parseOptions', () => {
  const command: Command = defineCommand({
    name: 'try',
    description: 'A command of every kind of option',
    role: 'member',
    reply: 'private',
    options: {
      text: { type: 'text', description: 'Some text', required: true, maxChars: 10 },
      flag: { type: 'flag', description: 'A switch' },
      size: {
        type: 'choice',
        description: 'A size',
        choices: [
          { value: 's', label: 'Small' },
          { value: 'l', label: 'Large' },
        ],
      },
      model: { type: 'model', description: 'A model' },
      file: { type: 'file', description: 'A file' },
      key: { type: 'secret', description: 'A secret', maxChars: 10 },
    },
    run: async () => {},
  });

  it('says of a command without options that it takes none', () => {
    expect(parseOptions({ name: 'new', options: {} }, { text: 'hi' })).toEqual({
      ok: false,
      problem: '`/new` has no option `text`. It takes none.',
    });
  });

  it('gives flags a value and trims text', () => {
    expect(parseOptions(command, { text: ' hi ', size: 's' })).toEqual({
      ok: true,
      values: { text: 'hi', size: 's', flag: false },
    });
  });

  it.each([
    [{}, /needs `text`: some text/],
    [{ text: '   ' }, /needs `text`/],
    [{ text: 'x'.repeat(11) }, /11 characters long; at most 10/],
    [{ text: 5 }, /must be text/],
    [{ text: 'hi', size: 'xl' }, /must be one of `s`, `l`/],
    [{ text: 'hi', flag: 'yes' }, /takes no value/],
    [{ text: 'hi', key: 'sk-too-long-by-far' }, /^`key` is 18 characters long; at most 10 are allowed\.$/],
    [{ text: 'hi', model: ['a'] }, /must be the name of a model/],
    [
      { text: 'hi', colour: 'red' },
      /has no option `colour`\. It takes `text`, `flag`, `size`, `model`, `file`, `key`/,
    ],
    [{ text: 'hi', file: 'a.txt' }, /^`file` must be a file\.$/],
    [{ text: 'hi', constructor: 'x' }, /has no option/],
  ])('refuses %j in words that help', (raw, words) => {
    expect(parseOptions(command, raw)).toEqual({ ok: false, problem: expect.stringMatching(words) });
  });
});

import { describe, expect, it } from 'vitest';
import { parseArguments, usage } from '../../../../src/adapters/slack/commands/arguments.ts';
import { readOptions } from '../../../../src/adapters/slack/commands/forms.ts';
import { commands } from '../../../../src/commands/index.ts';
import type { Command } from '../../../../src/core/command.ts';
import { askCommand, modelCommand, stopCommand } from '../harness.ts';

function named(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw new Error(`there is no /${name}`);
  return command;
}

const ask = (text: string) => parseArguments(askCommand, text);
const options = (text: string) => {
  const parsed = ask(text);
  return parsed.ok ? parsed.options : parsed.problem;
};

describe('the text behind a slash command', () => {
  it('is the prompt, verbatim', () => {
    expect(options('what is  "new" in --strict mode?\n- a\n- b')).toEqual({
      prompt: 'what is  "new" in --strict mode?\n- a\n- b',
    });
  });

  it('takes flags first, in any order', () => {
    expect(options('--model gpt-4o-mini --web what is new?')).toEqual({
      model: 'gpt-4o-mini',
      web: true,
      prompt: 'what is new?',
    });
    expect(options('--web --model=gpt-4o what is new?')).toEqual({
      model: 'gpt-4o',
      web: true,
      prompt: 'what is new?',
    });
  });

  it.each(['—web hi', '–web hi', '--WEB hi'])('takes what a phone or a hurry makes of dashes: %s', (text) => {
    expect(options(text)).toEqual({ web: true, prompt: 'hi' });
  });

  it.each(['--model "gpt 4o" hi', '--model=“gpt 4o” hi', "--model 'gpt 4o' hi", '--model   "gpt 4o"   hi'])(
    'takes a value in quotes: %s',
    (text) => {
      expect(options(text)).toEqual({ model: 'gpt 4o', prompt: 'hi' });
    },
  );

  it('ends the flags at two dashes, and keeps dashes that are no flags', () => {
    expect(options('--web -- --model is a flag?')).toEqual({ web: true, prompt: '--model is a flag?' });
    expect(options('— what does this dash mean?')).toEqual({ prompt: '— what does this dash mean?' });
    expect(options('-1 + 1?')).toEqual({ prompt: '-1 + 1?' });
  });

  it('gives the rest to the first option that takes a value and was not given', () => {
    expect(parseArguments(modelCommand, 'gpt-4o-mini')).toEqual({
      ok: true,
      options: { model: 'gpt-4o-mini' },
    });
    expect(parseArguments(modelCommand, '--scope channel "gpt-4o"')).toEqual({
      ok: true,
      options: { scope: 'channel', model: 'gpt-4o' },
    });
  });

  it('takes flags on both sides of a word that is no text, as the commands have them', () => {
    const tier = (text: string) => parseArguments(named('tier'), text);
    const granted = { ok: true, options: { action: 'grant', tier: 'openai' } };
    expect(tier('grant --tier openai')).toEqual(granted);
    expect(tier('--tier openai grant')).toEqual(granted);
    expect(tier('action:grant --tier openai')).toEqual(granted);
    expect(tier('action:grant tier:openai')).toEqual(granted);
    expect(parseArguments(named('limits'), 'requestsPerUserPerDay 5 --user <@U1>')).toEqual({
      ok: true,
      options: { limit: 'requestsPerUserPerDay', to: '5', user: '<@U1>' },
    });
    expect(parseArguments(named('forget'), 'what:myself')).toEqual({ ok: true, options: { what: 'myself' } });
  });

  it('is nothing where nothing was typed', () => {
    expect(options('   ')).toEqual({});
    expect(options('--web')).toEqual({ web: true });
  });

  it('names an option that is not there, and how to write text that begins with dashes', () => {
    expect(options('--verbose hi')).toBe(
      '`/ask` has no option `--verbose`. Type `/ask [--model …] [--web] [--private] prompt`. If your text starts with dashes, put `--` before it.',
    );
  });

  it('says what is missing or too much', () => {
    expect(options('--model')).toBe('`--model` needs a value: `/ask --model …`.');
    expect(parseArguments(modelCommand, '--scope')).toEqual({
      ok: false,
      problem: '`--scope` needs a value: `/model --scope conversation`.',
    });
    expect(options('--web --web hi')).toBe('`--web` is given twice.');
    expect(parseArguments(stopCommand, 'now')).toEqual({
      ok: false,
      problem: '`/stop` does not take “now”. Type `/stop`.',
    });
  });

  it('does not take a name of Object for an option', () => {
    expect(options('--constructor x')).toContain('has no option `--constructor`');
  });

  it('is told how to be typed', () => {
    expect(usage(modelCommand)).toBe('Type `/model [model] [--scope …]`.');
    expect(usage(askCommand)).toBe('Type `/ask [--model …] [--web] [--private] prompt`.');
  });
});

describe('a filled form', () => {
  it('brings each field as its option takes it, and none that was not filled or not declared', () => {
    const declared = [
      ['prompt', { type: 'text', description: 'The question', maxChars: 99 }],
      ['model', { type: 'model', description: 'The model' }],
      ['web', { type: 'flag', description: 'Searches' }],
      ['private', { type: 'flag', description: 'Hides' }],
      ['gone', { type: 'flag', description: 'Not in an older form' }],
    ] as const;
    const filled = {
      prompt: { prompt: { value: 'Why?' } },
      model: { model: { selected_option: { value: 'gpt-4o' } } },
      web: { web: { selected_options: [{ value: 'on' }] } },
      private: { private: { selected_options: [] } },
      other: { other: { value: 'x' } },
    };
    expect(readOptions(declared, filled)).toEqual({
      prompt: 'Why?',
      model: 'gpt-4o',
      web: true,
      private: false,
    });
  });
});

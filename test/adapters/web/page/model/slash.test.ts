import { describe, expect, it } from 'vitest';
import {
  completionAt,
  parseSlash,
  quoted,
  withOption,
} from '../../../../../src/adapters/web/page/model/slash.ts';
import type { CommandInfo, OptionInfo } from '../../../../../src/adapters/web/wire.ts';

function option(name: string, type: OptionInfo['type'], rest: Partial<OptionInfo> = {}): OptionInfo {
  return { name, type, description: `The ${name}`, required: false, maxChars: null, choices: [], ...rest };
}

function command(name: string, ...options: OptionInfo[]): CommandInfo {
  return { name, description: `Does ${name}`, role: 'member', options, form: null };
}

const ASK = command(
  'ask',
  option('prompt', 'text', { required: true, maxChars: 2_000 }),
  option('model', 'model'),
  option('web', 'flag'),
  option('private', 'flag'),
);
const MODEL = command(
  'model',
  option('model', 'model'),
  option('scope', 'choice', { choices: [{ label: 'Here', value: 'channel' }] }),
);
const SCOPE = command('scope', option('to', 'choice', { choices: [{ label: 'Here', value: 'channel' }] }));
const TIER = command(
  'tier',
  option('action', 'choice', { choices: [{ label: 'Grant', value: 'grant' }] }),
  option('guild', 'text', { maxChars: 40 }),
  option('tier', 'choice', { choices: [{ label: 'openai', value: 'openai' }] }),
);
const HELP = command('help');
const COMMANDS = [ASK, MODEL, SCOPE, TIER, HELP];

describe('what is typed after a slash', () => {
  it.each([
    ['/ask Why?', { prompt: 'Why?' }],
    ['/ASK Why?', { prompt: 'Why?' }],
    ['/ask --web Why?', { web: true, prompt: 'Why?' }],
    ['/ask —web Why?', { web: true, prompt: 'Why?' }],
    ['/ask --model gpt-4o --web Why?', { model: 'gpt-4o', web: true, prompt: 'Why?' }],
    ['/ask --model=gpt-4o Why?', { model: 'gpt-4o', prompt: 'Why?' }],
    ['/ask --model "GPT 4o mini" Why?', { model: 'GPT 4o mini', prompt: 'Why?' }],
    ['/ask Why does  "this"\n  --web not count?', { prompt: 'Why does  "this"\n  --web not count?' }],
    ['/ask -- --web is a flag', { prompt: '--web is a flag' }],
    ['/ask - a list', { prompt: '- a list' }],
    ['/ask\nWhy?', { prompt: 'Why?' }],
    ['/ask --prompt Why?', { prompt: 'Why?' }],
    ['/model some/model:free', { model: 'some/model:free' }],
    ['/model --scope channel some/model', { scope: 'channel', model: 'some/model' }],
    ['/model --model some/model channel', { model: 'some/model', scope: 'channel' }],
    ['/scope channel', { to: 'channel' }],
    ['/scope to:channel', { to: 'channel' }],
    ['/tier grant --tier openai', { action: 'grant', tier: 'openai' }],
    ['/tier action:grant --tier openai', { action: 'grant', tier: 'openai' }],
    [`/ask ${'x'.repeat(2_000)}`, { prompt: 'x'.repeat(2_000) }],
    ['/model', {}],
    ['/help ', {}],
  ])('is read: %j', (text, options) => {
    expect(parseSlash(text, COMMANDS)).toMatchObject({ options, problem: null });
  });

  it.each([
    ['/', 'Which command?'],
    ['/nothing', 'There is no /nothing.'],
    ['/ask', 'Needs prompt'],
    ['/ask --web', 'Needs prompt'],
    ['/ask --', 'Needs prompt'],
    ['/ask --wbe Why?', '/ask has no --wbe.'],
    ['/ask --model', '--model needs a value.'],
    ['/help me', '/help takes no text.'],
    ['/scope channel now', '/scope does not take “now”.'],
    ['/tier --tier openai --tier openai', '--tier is given twice.'],
    ['/tier grnt --tier openai', 'action must be one of grant.'],
    [`/ask ${'x'.repeat(2_001)}`, 'prompt has 2,001 characters, at most 2,000 are allowed.'],
    [`/ask --prompt "${'x'.repeat(2_001)}" --web`, 'prompt has 2,001 characters'],
  ])('is not sent as it is: %j', (text, problem) => {
    expect(parseSlash(text, COMMANDS)?.problem).toContain(problem);
  });

  it.each(['Hello', '/etc/passwd is a file', ' /ask Why?', '//'])('may be no command at all: %j', (text) => {
    expect(parseSlash(text, COMMANDS)).toBeNull();
  });
});

describe('completion', () => {
  /** The caret stands at the bar. */
  function at(marked: string) {
    const caret = marked.indexOf('|');
    return completionAt(marked.replace('|', ''), caret, COMMANDS);
  }

  it.each([
    ['/|', { kind: 'command', query: '', from: 0, to: 1 }],
    ['/as|', { kind: 'command', query: 'as', from: 0, to: 3 }],
    ['/a|sk Why?', { kind: 'command', query: 'a', from: 0, to: 4 }],
    ['/ask -|', { kind: 'option', query: '', from: 5, to: 6 }],
    ['/ask --|', { kind: 'option', query: '', from: 5, to: 7 }],
    ['/ask --we|', { kind: 'option', query: 'we', from: 5, to: 9 }],
    ['/ask --model |', { kind: 'value', query: '', from: 13, to: 13, option: { name: 'model' } }],
    ['/ask --model gp|', { kind: 'value', query: 'gp', from: 13, to: 15, option: { name: 'model' } }],
    ['/ask --model=gp|', { kind: 'value', query: 'gp', from: 13, to: 15, option: { name: 'model' } }],
    ['/ask --model "GPT 4|', { kind: 'value', query: 'GPT 4', from: 13, to: 19 }],
    ['/model |', { kind: 'value', query: '', option: { name: 'model' } }],
    ['/model so|', { kind: 'value', query: 'so', from: 7, to: 9, option: { name: 'model' } }],
    ['/model --scope c|', { kind: 'value', query: 'c', option: { name: 'scope' }, isNamed: true }],
    ['/model GPT 4|', { kind: 'value', query: 'GPT 4', from: 7, to: 12, option: { name: 'model' } }],
    ['/tier gr|', { kind: 'value', query: 'gr', option: { name: 'action' }, isNamed: false }],
    ['/tier action:gr|', { kind: 'value', query: 'gr', from: 13, option: { name: 'action' } }],
    ['/tier grant --|', { kind: 'option', query: '', from: 12, to: 14 }],
    ['/tier grant --tier |', { kind: 'value', query: '', from: 19, option: { name: 'tier' } }],
  ])('knows what is typed in %j', (text, completion) => {
    expect(at(text)).toMatchObject(completion);
  });

  it.each([
    'Hello|',
    '/ask |',
    '/ask Why|',
    '/ask --web |',
    '/ask --model gp |',
    '/help |',
    '/nothing x|',
    '/ask -- --we|',
    '/ask Why --we|',
    '/model some/model |',
    '/tier grant |',
  ])('offers nothing in %j', (text) => {
    expect(at(text)).toBeNull();
  });

  it('offers only options that are not given yet', () => {
    const completion = at('/ask --web --model gpt-4o --|');
    expect(completion?.kind === 'option' && completion.options.map(({ name }) => name)).toEqual(['private']);
  });

  it('puts an option behind words that are no text, but before a --', () => {
    const tier = option('tier', 'choice');
    expect(withOption('/tier grant', TIER, tier)).toEqual({ text: '/tier grant --tier ', caret: 19 });
    expect(withOption('/tier -- grant', TIER, tier).text).toBe('/tier --tier -- grant');
  });

  it('puts an option before the words, and the caret where its value goes', () => {
    const { text, caret } = withOption('/ask --web Why?', ASK, option('model', 'model'));
    expect(text).toBe('/ask --web --model Why?');
    expect(text.slice(0, caret)).toBe('/ask --web --model ');
    expect(withOption('/ask', ASK, option('web', 'flag')).text).toBe('/ask --web ');
  });

  it('writes a value so that it is read back whole', () => {
    for (const value of ['some/model:free', 'GPT 4o mini', 'a']) {
      expect(parseSlash(`/ask --model ${quoted(value)} Why?`, COMMANDS)?.options['model']).toBe(value);
    }
  });
});

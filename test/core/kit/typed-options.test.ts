import { describe, expect, it } from 'vitest';
import { readTypedOptions, type TypedOption } from '../../../src/core/kit/typed-options.ts';

const PROMPT: readonly TypedOption[] = [
  { name: 'prompt', type: 'text' },
  { name: 'model', type: 'model' },
  { name: 'web', type: 'flag' },
];
const ACTION: readonly TypedOption[] = [
  { name: 'action', type: 'choice' },
  { name: 'to', type: 'text' },
  { name: 'model', type: 'model' },
  { name: 'all', type: 'flag' },
];

/** Values by option; `?` has what no option takes, and a name without option or value is there as such. */
function read(text: string, options: readonly TypedOption[]): Record<string, string | null> {
  const { named, unnamed } = readTypedOptions(text, 0, options);
  return Object.fromEntries([
    ...named.map(({ name, value }) => [name, value?.text ?? null]),
    ...unnamed.map(({ option, value }) => [option?.name ?? '?', value.text]),
  ]);
}

describe('options behind a command whose first is text', () => {
  it.each([
    ['', {}],
    ['  Why?\n  --web ', { prompt: 'Why?\n  --web' }],
    ['--web --model "GPT 4o" Why?', { web: null, model: 'GPT 4o', prompt: 'Why?' }],
    ['—web –model=gpt Why?', { web: null, model: 'gpt', prompt: 'Why?' }],
    ['--web -- --model is a flag', { web: null, prompt: '--model is a flag' }],
    ['model: what is one?', { prompt: 'model: what is one?' }],
    ['prompt: Why? prompt: no', { prompt: 'Why? prompt: no' }],
    ['--web Prompt:Why?', { web: null, prompt: 'Why?' }],
    ['prompt:', {}],
    ['prompts: three', { prompt: 'prompts: three' }],
    ['-- prompt: three', { prompt: 'prompt: three' }],
    ['"Why?" she said', { prompt: '"Why?" she said' }],
    ['--what? That!', { prompt: '--what? That!' }],
    ['— a dash', { prompt: '— a dash' }],
    ['--constructor Why?', { constructor: null, prompt: 'Why?' }],
    ['--model', { model: null }],
    ['--prompt Why? GPT 4o --web', { prompt: 'Why?', model: 'GPT 4o', web: null }],
  ])('are read: %j', (text, values) => {
    expect(read(text, PROMPT)).toEqual(values);
  });
});

describe('options behind a command whose first is no text', () => {
  it.each([
    ['set --model gpt', { action: 'set', model: 'gpt' }],
    ['--model gpt set', { action: 'set', model: 'gpt' }],
    ['set 5 --all', { action: 'set', to: '5', all: null }],
    ['set --all 5 or 6', { action: 'set', all: null, to: '5 or 6' }],
    ['set --to 5 GPT 4o --all', { action: 'set', to: '5', model: 'GPT 4o', all: null }],
    ['"set" “5 a day”', { action: 'set', to: '5 a day' }],
    ['action:set TO:"5 a day"', { action: 'set', to: '5 a day' }],
    ['set slack:T1', { action: 'set', to: 'slack:T1' }],
    ['set -- --all', { action: 'set', to: '--all' }],
    ["set 'tis --all", { action: 'set', to: "'tis", all: null }],
    ['set --to "5 a day', { action: 'set', to: '5 a day' }],
    ['set 5 --model gpt now', { action: 'set', to: '5', model: 'gpt', '?': 'now' }],
    ['action:', { action: null }],
  ])('are read: %j', (text, values) => {
    expect(read(text, ACTION)).toEqual(values);
  });

  it('say where they stand', () => {
    expect(readTypedOptions('/do "set" GPT 4o', 3, ACTION).unnamed).toMatchObject([
      { value: { text: 'set', from: 4, to: 9 } },
      { value: { text: 'GPT 4o', from: 10, to: 16 } },
    ]);
  });
});

it.each([
  ['', PROMPT, 0],
  ['--web ', PROMPT, 6],
  ['--web Why?', PROMPT, 6],
  ['--web -- Why?', PROMPT, 6],
  ['set ', ACTION, 4],
  ['set -- x', ACTION, 4],
])('one more name can stand where it would be read as one: %j', (text, options, end) => {
  expect(readTypedOptions(text, 0, options).namesEnd).toBe(end);
});

import { expect, it } from 'vitest';
import type { CommandInfo, Role } from '../../../../../src/adapters/web/wire.ts';

// By its address: its types are the browser's, which those of Node contradict.
const MENU = new URL('../../../../../src/adapters/web/page/composer/slash-menu.ts', import.meta.url);
const { suggest } = await import(MENU.href);

const command = (name: string, role: Role = 'member'): CommandInfo => ({
  name,
  description: `Does ${name}`,
  role,
  options: [
    {
      name: 'scope',
      type: 'choice',
      description: 'For whom',
      required: false,
      maxChars: null,
      choices: [
        { label: 'This channel', value: 'channel' },
        { label: 'This server', value: 'guild' },
      ],
    },
    { name: 'web', type: 'flag', description: 'Search', required: false, maxChars: null, choices: [] },
  ],
  form: null,
});
const COMMANDS = [command('models'), command('persona'), command('ask'), command('pause', 'admin')];

/** The menu at the end of a text, written by this person in a channel, or in a direct message. */
async function menuFor(text: string, { as = 'ann', channel = 'general' } = {}) {
  const people = [
    { id: 'ann', role: 'member' },
    { id: 'oli', role: 'operator' },
  ];
  const channels = [
    { id: 'general', owner: null },
    { id: 'dm', owner: 'ann' },
  ];
  const state = { as, info: { commands: COMMANDS, people, channels } };
  const menu = await suggest(text, text.length, state, { channel, thread: null });
  return menu && { ...menu, items: menu.items.map(({ label }: { label: string }) => label) };
}

it.each([
  ['/', ['/ask', '/models', '/pause', '/persona']],
  ['/p', ['/pause', '/persona']],
  // Those that begin with it come first.
  ['/a', ['/ask', '/pause', '/persona']],
  ['/s', ['/ask', '/models', '/pause', '/persona']],
  ['/ask --', ['--web']], // the first option needs no name
  ['/ask --scope SERVER', ['This server']],
  ['@Par', ['@Parley']],
])('suggests for %s', async (text, items) => {
  expect((await menuFor(text)).items).toEqual(items);
});

it.each(['', 'hello', '/zzz', '@someone', 'mail@parley', '/ask --scope nobody'])(
  'suggests nothing for “%s”',
  async (text) => {
    expect(await menuFor(text)).toBeNull();
  },
);

it('suggests no mention in a direct message, where nobody else answers', async () => {
  expect(await menuFor('@par', { channel: 'dm' })).toBeNull();
});

it('leaves Enter to the text once a word is complete', async () => {
  expect((await menuFor('/as')).active).toBe(0);
  expect((await menuFor('/ask')).active).toBe(-1);
});

it('locks the commands that the person may not use', async () => {
  const locked = async (as: string) => {
    const state = { as, info: { commands: COMMANDS, people: [{ id: as, role: as }], channels: [] } };
    const { items } = await suggest('/', 1, state, { channel: 'general', thread: null });
    return items
      .filter(({ isLocked }: { isLocked: boolean }) => isLocked)
      .map(({ label }: { label: string }) => label);
  };
  expect([await locked('member'), await locked('admin')]).toEqual([['/pause'], []]);
});

import { describe, expect, it } from 'vitest';
import {
  type AccessLists,
  entriesOf,
  listedInWords,
  listNamed,
  MAX_LISTED,
  readListed,
  refusalByLists,
  withListed,
} from '../../../src/core/access/lists.ts';
import type { GuildId } from '../../../src/core/ports/actor.ts';
import { testActor } from '../../support/test-bot.ts';

const list = (more: Partial<NonNullable<AccessLists['allow']>>) => ({
  users: [],
  groups: [],
  channels: [],
  ...more,
});

describe('who may use the bot', () => {
  const OFF =
    'An admin of this server has switched me off in this channel. Ask me in another channel. Admins can change this with `/access`.';
  const BLOCKED =
    'An admin of this server has blocked you from using me. If that is a mistake, ask an admin to change it with `/access`.';
  const SELECTED =
    'Only selected people may use me in this server. To be added, ask an admin to use `/access`.';
  const UNSURE =
    'I cannot see your roles right now, so I cannot check whether you may use me in this server. Try again in a minute. If it keeps happening, tell an admin.';
  /** In the channel `c1`. */
  const mia = { user: 'mia', groups: ['g1', 'g2'] };
  const unseen = { user: 'mia', groups: null };
  const admin = { user: 'mia', groups: ['g1'], isAdmin: true };

  it.each<[string, AccessLists, typeof mia | typeof unseen | typeof admin, string | null]>([
    ['everybody where there are no lists', {}, mia, null],
    ['everybody where the lists are empty', { allow: list({}), deny: list({}) }, unseen, null],
    ['nobody in a channel that is denied', { deny: list({ channels: ['c0', 'c1'] }) }, mia, OFF],
    ['people in a channel that is not denied', { deny: list({ channels: ['c0'] }) }, mia, null],
    ['people in a channel that is allowed', { allow: list({ channels: ['c0', 'c1'] }) }, mia, null],
    ['nobody in a channel that is not among those allowed', { allow: list({ channels: ['c0'] }) }, mia, OFF],
    ['no admin in a channel that is denied', { deny: list({ channels: ['c1'] }) }, admin, OFF],
    ['nobody who is denied', { deny: list({ users: ['ben', 'mia'] }) }, mia, BLOCKED],
    ['people who are not denied', { deny: list({ users: ['ben'] }) }, mia, null],
    ['nobody in a group that is denied', { deny: list({ groups: ['g2'] }) }, mia, BLOCKED],
    ['people in no group that is denied', { deny: list({ groups: ['g3'] }) }, mia, null],
    [
      'nobody whose groups are unknown where one is denied',
      { deny: list({ groups: ['g3'] }) },
      unseen,
      UNSURE,
    ],
    ['an admin whoever is denied', { deny: list({ users: ['mia'], groups: ['g1'] }) }, admin, null],
    ['an admin whoever is allowed', { allow: list({ users: ['ben'] }) }, admin, null],
    ['people who are allowed', { allow: list({ users: ['ben', 'mia'] }) }, unseen, null],
    ['people in a group that is allowed', { allow: list({ users: ['ben'], groups: ['g2'] }) }, mia, null],
    ['nobody else where people are allowed', { allow: list({ users: ['ben'] }) }, mia, SELECTED],
    ['nobody else where groups are allowed', { allow: list({ groups: ['g3'] }) }, mia, SELECTED],
    [
      'nobody whose groups are unknown where groups are allowed',
      { allow: list({ groups: ['g1'] }) },
      unseen,
      SELECTED,
    ],
    [
      'people who are allowed, whatever the channel list holds',
      { allow: list({ users: ['mia'], channels: ['c1'] }) },
      mia,
      null,
    ],
    [
      'nobody who is denied, though allowed',
      { allow: list({ users: ['mia'] }), deny: list({ users: ['mia'] }) },
      mia,
      BLOCKED,
    ],
    [
      'nobody in a denied group, though allowed',
      { allow: list({ users: ['mia'] }), deny: list({ groups: ['g1'] }) },
      mia,
      BLOCKED,
    ],
    [
      'nobody else where some are allowed and others denied',
      { allow: list({ users: ['ben'] }), deny: list({ users: ['zoe'] }) },
      mia,
      SELECTED,
    ],
  ])('is %s', async (_, lists, { user, groups, ...person }, refusal) => {
    const actor = testActor(user, { groups });
    const place = { guild: actor.guild, channel: 'c1', key: null };
    expect(await refusalByLists(lists, { actor, place }, async () => 'isAdmin' in person)).toBe(refusal);
  });

  it('is decided without asking the platform if the lists do not need it', async () => {
    let asked = 0;
    const ask = async <T>(answer: T) => {
      asked++;
      return answer;
    };
    const actor = { ...testActor('mia'), groups: () => ask([]) };
    const place = { guild: actor.guild, channel: 'c1', key: null };
    const decide = (lists: AccessLists) => refusalByLists(lists, { actor, place }, () => ask(false));
    await decide({ allow: list({ channels: ['c1'] }), deny: list({ channels: ['c2'] }) });
    expect(asked).toBe(0);
    // Whether the person is an admin.
    await decide({ deny: list({ users: ['ben'] }) });
    expect(asked).toBe(1);
  });
});

describe('what people write for a list', () => {
  const read = (written: Parameters<typeof readListed>[1], guild: GuildId = 'discord:1') =>
    readListed(guild, { user: undefined, role: undefined, channel: undefined, ...written }, null);

  it.each([
    [{ user: '<@42>' }, { kind: 'users', id: '42' }],
    [{ role: '<@&7>' }, { kind: 'groups', id: '7' }],
    [{ channel: '<#9>' }, { kind: 'channels', id: '9' }],
    [{ channel: '<#C1|general>' }, { kind: 'channels', id: 'C1' }],
    [{ channel: 'c-1_x' }, { kind: 'channels', id: 'c-1_x' }],
    [{ channel: 'x'.repeat(100) }, { kind: 'channels', id: 'x'.repeat(100) }],
    [{ channel: 'x'.repeat(101) }, '`channel` must be a mention or ID of a channel.'],
    [{ channel: '' }, '`channel` must be a mention or ID of a channel.'],
    [{ channel: 'the garden' }, '`channel` must be a mention or ID of a channel.'],
    [{ user: 'Mia' }, '`user` must be a mention or a user ID.'],
    [{ role: 'Devs' }, '`role` must be a mention or ID of a role.'],
    [{}, 'Give one of `user`, `role` and `channel`.'],
    [{ user: '42', channel: '9' }, 'Give one of `user`, `role` and `channel`.'],
    [{ user: '42', role: '7', channel: '9' }, 'Give one of `user`, `role` and `channel`.'],
  ])('is read: %j', (written, listed) => {
    expect(read(written)).toEqual(listed);
  });

  it('names no role where there are none', () => {
    expect(read({ role: '7' }, 'discord:dm:1')).toBe('There are no roles here. Leave out `role`.');
  });

  it.each([
    ['allow', 'allow'],
    ['deny', 'deny'],
    ['neither', null],
    ['show', undefined],
    ['', undefined],
  ])('%j is the list %s', (word, name) => {
    expect(listNamed(word)).toBe(name);
  });
});

describe('the lists of a guild', () => {
  it('hold each entry in one of them, and are left out while they are empty', () => {
    const mia = { kind: 'users', id: 'mia' } as const;
    const ben = { kind: 'users', id: 'ben' } as const;
    const channel = { kind: 'channels', id: 'c1' } as const;
    let lists: AccessLists = {};
    const put = (...change: [typeof mia | typeof ben | typeof channel, 'allow' | 'deny' | null]) => {
      lists = withListed(lists, ...change) ?? {};
      return lists;
    };
    expect(put(mia, 'deny')).toEqual({ deny: list({ users: ['mia'] }) });
    expect(put(ben, 'deny')).toEqual({ deny: list({ users: ['mia', 'ben'] }) });
    expect(put(mia, 'deny')).toEqual({ deny: list({ users: ['ben', 'mia'] }) });
    expect(put(channel, 'allow')).toEqual({
      allow: list({ channels: ['c1'] }),
      deny: list({ users: ['ben', 'mia'] }),
    });
    expect(put(mia, 'allow')).toEqual({
      allow: list({ users: ['mia'], channels: ['c1'] }),
      deny: list({ users: ['ben'] }),
    });
    expect(entriesOf(lists)).toEqual([
      { list: 'allow', ...mia },
      { list: 'allow', ...channel },
      { list: 'deny', ...ben },
    ]);
    expect(put(ben, null)).toEqual({ allow: list({ users: ['mia'], channels: ['c1'] }) });
    put(mia, null);
    expect(put(channel, null)).toEqual({});
    expect(entriesOf(lists)).toEqual([]);
  });

  it(`take ${MAX_LISTED} of each kind`, () => {
    const ids = Array.from({ length: 200 }, (_, index) => `u${index}`);
    const full = { deny: list({ users: ids }) };
    expect(withListed(full, { kind: 'users', id: 'one more' }, 'deny')).toBeNull();
    // One that is in already, another kind, and the other list.
    expect(withListed(full, { kind: 'users', id: 'u0' }, 'deny')?.deny?.users).toHaveLength(200);
    expect(withListed(full, { kind: 'groups', id: 'g' }, 'deny')).not.toBeNull();
    expect(withListed(full, { kind: 'users', id: 'one more' }, 'allow')).not.toBeNull();
    expect(withListed(full, { kind: 'users', id: 'u0' }, null)?.deny?.users).toHaveLength(199);
  });

  it.each([
    ['discord:1', { kind: 'users', id: '42' }, 'person 42'],
    ['discord:1', { kind: 'groups', id: '7' }, 'role 7'],
    ['slack:T1', { kind: 'groups', id: 'S7' }, 'user group S7'],
    ['slack:T1', { kind: 'channels', id: 'C1' }, 'channel C1'],
  ] as const)('of %s are worded: %j', (guild, listed, words) => {
    expect(listedInWords(guild, listed)).toBe(words);
  });
});

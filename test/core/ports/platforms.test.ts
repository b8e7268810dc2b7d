import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type Actor,
  createRoles,
  type GuildId,
  groupWord,
  hasGroups,
  mayActAs,
  parseGroup,
  parseGuildId,
  parseUser,
  placeOf,
  reaches,
} from '../../../src/core/ports/actor.ts';
import {
  GUILD_EXAMPLES,
  LOCAL_PLATFORM,
  PLATFORM_IDS,
  PLATFORMS,
} from '../../../src/core/ports/platforms.ts';

describe('the table of platforms', () => {
  it('has a row for each adapter and an adapter for each row', () => {
    const folders = readdirSync('src/adapters', { withFileTypes: true })
      .filter((each) => each.isDirectory() && existsSync(`src/adapters/${each.name}/adapter.ts`))
      .map(({ name }) => name);
    expect([...PLATFORM_IDS].toSorted()).toEqual(folders.toSorted());
  });

  it('shows how an id is written that it then takes', () => {
    for (const example of GUILD_EXAMPLES) {
      const id = example.replace(/<(?:server|user) id>/, '42').replace('<team id>', 'T42');
      expect(parseGuildId(id)).toBe(id);
    }
    for (const id of [
      '',
      'discord:',
      'discord:x',
      'slack:t1',
      'slack:dm:1',
      'web:2',
      'matrix:1',
      'web:local2',
    ])
      expect(parseGuildId(id)).toBeNull();
  });

  it.each<[GuildId, string, string, string | null, string | null]>([
    ['discord:1', 'this server', 'role', '42', '42'],
    ['discord:dm:1', 'this chat', 'role', '42', null],
    ['slack:T1', 'this workspace', 'user group', null, null],
    ['web:local', 'this playground', 'role', null, null],
  ])('says of %s what it is, and who and what <@42> and <@&42> are there', (id, place, group, user, role) => {
    expect(placeOf(id)).toBe(place);
    expect(groupWord(id)).toBe(group);
    expect(parseUser('<@42>', id, null)).toBe(user);
    expect(parseGroup('<@&42>', id)).toBe(role);
  });

  it('knows the people of the playground, whom no platform names', () => {
    expect(parseUser('member', 'web:local', null)).toBe('member');
    expect(parseUser('nobody', 'web:local', null)).toBeNull();
    expect(parseUser('member', 'discord:1', null)).toBeNull();
  });

  it('knows people by their names where everybody is known', () => {
    const everybody = [
      { id: 'member', name: 'Mia' },
      { id: 'admin', name: 'Ada' },
    ];
    expect(['mia', ' @Ada ', 'admin', 'Bob'].map((text) => parseUser(text, 'web:local', everybody))).toEqual([
      'member',
      'admin',
      'admin',
      null,
    ]);
  });

  it.each<[string, string, string | null]>([
    ['<@42>', 'discord:1', '42'],
    ['<@!42>', 'discord:1', '42'],
    [' @42 ', 'discord:1', '42'],
    ['<@U7>', 'slack:T1', 'T1/U7'],
    ['W7', 'slack:T1', 'T1/W7'],
    ['E9/W7', 'slack:T1', 'E9/W7'],
    ['<@42', 'discord:1', null],
    ['42>', 'discord:1', null],
    ['Mia', 'discord:1', null],
    ['B7', 'slack:T1', null],
    ['1'.repeat(21), 'discord:1', null],
  ])('takes %j in %s for the user %s', (text, guild, user) => {
    expect(parseUser(text, guild as GuildId, null)).toBe(user);
  });

  it.each<[string, string, string | null]>([
    ['<@&42>', 'discord:1', '42'],
    [' 42 ', 'discord:1', '42'],
    ['<!subteam^S42>', 'slack:T1', 'S42'],
    ['S42', 'slack:T1', 'S42'],
    ['admins', 'discord:1', null],
    ['U42', 'slack:T1', null],
    ['42', 'web:local', null],
  ])('takes %j in %s for the group %s', (text, guild, group) => {
    expect(parseGroup(text, guild as GuildId)).toBe(group);
  });

  it('shows a coming moment by the clock of its reader, where the platform can', () => {
    const moment = (id: 'discord' | 'slack' | 'web', inMs: number) =>
      PLATFORMS[id].moment(1_000_000_500 + inMs, 1_000_000_500, 'in 2 hours');
    expect(moment('discord', 0)).toBe('<t:1000001:R>');
    expect(moment('slack', 119_999)).toBeNull();
    expect(moment('slack', 120_000)).toBe('<!date^1000121^{date_short_pretty} at {time}|in 2 hours>');
    expect(moment('web', 120_000)).toBeNull();
  });

  it('has these words, rights and products', () => {
    const rows = PLATFORM_IDS.map((id) => {
      const { name, guildWord, groupWord: group, isVouched, sellsTiers, guildExamples } = PLATFORMS[id];
      return [id, name, guildWord, group, isVouched, sellsTiers, guildExamples];
    });
    expect(rows).toEqual([
      ['discord', 'Discord', 'server', 'role', true, true, ['discord:<server id>', 'discord:dm:<user id>']],
      ['slack', 'Slack', 'workspace', 'user group', true, false, ['slack:<team id>']],
      ['web', 'a team chat', 'playground', null, false, false, ['web:local']],
    ]);
    expect(LOCAL_PLATFORM).toBe('web');
  });

  it('puts the team before a Slack user who is named without it', () => {
    expect(parseUser('<@U7|mia>', 'slack:T1', null)).toBe('T1/U7');
    expect(parseUser('T2/U7', 'slack:T1', null)).toBe('T2/U7');
    expect(parseGroup('<!subteam^S7|@team>', 'slack:T1')).toBe('S7');
  });
});

describe('the role of a person', () => {
  const actor = (guild: GuildId, user: string, manages = false): Actor => ({
    guild,
    user,
    name: 'Mia',
    managesGuild: async () => manages,
    groups: async () => null,
  });

  it('is operator by the list, admin by the platform, else member', async () => {
    const roleOf = createRoles(new Set(['discord:1']));
    const people = [actor('discord:9', '1'), actor('slack:T9', '1', true), actor('slack:T9', '1')];
    expect(await Promise.all(people.map(roleOf))).toEqual(['operator', 'admin', 'member']);
  });

  it('may do what any lower role may', () => {
    const roles = ['member', 'admin', 'operator'] as const;
    const allowed = roles.map((role) => roles.filter((needed) => mayActAs(role, needed)).length);
    expect(allowed).toEqual([1, 2, 3]);
  });

  it('reaches all guilds as an operator, but from the playground only itself', () => {
    expect([reaches(actor('discord:1', '1'), 'slack:T1'), reaches(actor('slack:T1', '1'), 'all')]).toEqual([
      true,
      true,
    ]);
    const local = actor('web:local', 'operator');
    expect([reaches(local, 'web:local'), reaches(local, 'all'), reaches(local, 'discord:1')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('may depend on groups, where there are some', () => {
    const guilds: GuildId[] = ['discord:1', 'discord:dm:1', 'slack:T1', 'web:local'];
    expect(guilds.map(hasGroups)).toEqual([true, false, true, false]);
  });
});

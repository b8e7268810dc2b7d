import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type GuildId,
  groupWord,
  parseGroup,
  parseGuildId,
  parseUser,
  placeOf,
} from '../../../src/core/ports/actor.ts';
import { GUILD_EXAMPLES, PLATFORM_IDS } from '../../../src/core/ports/platforms.ts';

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

  it('puts the team before a Slack user who is named without it', () => {
    expect(parseUser('<@U7|mia>', 'slack:T1', null)).toBe('T1/U7');
    expect(parseUser('T2/U7', 'slack:T1', null)).toBe('T2/U7');
    expect(parseGroup('<!subteam^S7|@team>', 'slack:T1')).toBe('S7');
  });
});

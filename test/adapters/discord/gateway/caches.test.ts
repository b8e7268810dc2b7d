import * as discord from 'discord.js';
import { expect, it } from 'vitest';
import { makeCache } from '../../../../src/adapters/discord/gateway/caches.ts';

/** Every manager of discord.js that has a cache of its own. */
const managers = Object.values(discord).filter(
  (value): value is typeof discord.CachedManager =>
    typeof value === 'function' && value.prototype instanceof discord.CachedManager,
);

function cacheOf(manager: typeof discord.CachedManager) {
  return makeCache(
    manager as never,
    undefined as never,
    manager as never,
  ) as unknown as discord.LimitedCollection<string, object>;
}

it('keeps of Discord what permissions and names need, and nothing else', () => {
  const kept = managers.filter((manager) => {
    const cache = cacheOf(manager);
    cache.set('1', { id: '1', client: { user: { id: '1' } } });
    return cache.size > 0;
  });
  expect(managers.length).toBeGreaterThan(25);
  expect(kept.map(({ name }) => name).sort()).toEqual([
    'ChannelManager',
    'GuildChannelManager',
    'GuildForumThreadManager',
    'GuildManager',
    'GuildMemberManager',
    'GuildTextThreadManager',
    'PermissionOverwriteManager',
    'RoleManager',
    'ThreadMemberManager',
    'UserManager',
  ]);
});

it.each(['ThreadMemberManager', 'GuildMemberManager', 'UserManager'])(
  'holds the bot itself in each %s, however many others it sees',
  (name) => {
    const cache = cacheOf(managers.find((manager) => manager.name === name) as typeof discord.CachedManager);
    const client = { user: { id: 'bot' } };
    cache.set('bot', { id: 'bot', client });
    for (let n = 0; n < 3_000; n++) cache.set(`${n}`, { id: `${n}`, client });
    expect(cache.has('bot')).toBe(true);
    expect(cache.size).toBeLessThanOrEqual(1_001);
  },
);

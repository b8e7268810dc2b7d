import { defineCommand } from '../core/command.ts';
import { accountOf, placeOf } from '../core/ports/actor.ts';
import { KEY_PROVIDERS, keyProviderName } from '../core/ports/tiers.ts';

export const disconnect = defineCommand({
  name: 'disconnect',
  description: 'Remove a connected API key (admins)',
  role: 'admin',
  reply: 'private',
  options: {
    provider: {
      type: 'choice',
      description: 'Provider of the key; not needed if only one is connected',
      choices: KEY_PROVIDERS.map(({ id, name }) => ({ value: id, label: name })),
    },
  },

  async run({ actor, place, services }, { provider: named }) {
    const { guilds, ownKeys } = services;
    // A named key need not be read before it is deleted.
    const keys = named === undefined ? await ownKeys.of(place.guild) : [];
    const provider = named ?? (keys.length === 1 ? keys[0]?.provider : undefined);
    if (provider === undefined) {
      if (keys.length === 0) return 'No API key is connected here.';
      const list = keys.map((key) => `${keyProviderName(key.provider)} (…${key.lastFour})`).join(' and ');
      return `Which \`provider\`? There are keys for ${list}.`;
    }
    const by = accountOf(actor);
    const name = keyProviderName(provider);
    if (!(await ownKeys.disconnect(place.guild, provider, { by }))) {
      return `No API key for ${name} is connected here.`;
    }
    const { tier } = await guilds.access(place.guild);
    return `The key for ${name} is deleted here, and ${placeOf(place.guild)} now has the tier \`${tier}\`. The key still works at ${name} until you delete it there.`;
  },
});

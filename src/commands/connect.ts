import { explain, inOneLine } from '../core/chat/words/explain.ts';
import { type CommandContext, defineCommand } from '../core/command.ts';
import { NEVER } from '../core/kit/time/over.ts';
import { accountOf, placeOf, platformOf } from '../core/ports/actor.ts';
import { ProviderError } from '../core/ports/provider-errors.ts';
import { KEY_PROVIDERS, type KeyProvider, keyProviderName, opens } from '../core/ports/tiers.ts';

/** Today's keys have 50 to 200 characters; a server in a provider's place may use shorter ones. */
const MAX_KEY_CHARS = 400;
/** Characters that a header can carry, and enough of them that showing the last four is safe. */
const KEY = /^[!-~]{12,}$/;

/** The pages on which keys are created, and prefixes that clearly belong to one provider. */
const KEYS_OF = {
  openrouter: { page: 'https://openrouter.ai/settings/keys', mark: /^sk-or-/ },
  openai: { page: 'https://platform.openai.com/api-keys', mark: /^sk-(proj|svcacct|admin)-/ },
} as const satisfies Record<KeyProvider, { readonly page: string; readonly mark: RegExp }>;

export const connect = defineCommand({
  name: 'connect',
  description: 'Add an API key that unlocks models here and pays for them (admins)',
  role: 'admin',
  reply: 'private',
  options: {
    provider: {
      type: 'choice',
      description: 'Provider of the key',
      required: true,
      choices: KEY_PROVIDERS.map(({ id, name }) => ({ value: id, label: name })),
    },
    key: {
      type: 'secret',
      description: `The key, from ${KEY_PROVIDERS.map(({ id }) => KEYS_OF[id].page.replace('https://', '')).join(' or ')}`,
      required: true,
      maxChars: MAX_KEY_CHARS,
    },
  },

  async refuse({ services }) {
    if (services.ownKeys.providers.length > 0) return null;
    return 'API keys cannot be connected yet. The operator must set `ENCRYPTION_KEY` first, so that keys are stored encrypted.';
  },

  async run({ actor, place, services }, { provider, key }) {
    const name = keyProviderName(provider);
    if (!services.ownKeys.providers.includes(provider)) {
      return `Keys for ${name} cannot be connected here, because the built-in demo replaces it.`;
    }
    if (!KEY.test(key)) {
      return `That is not an API key. Create one at ${KEYS_OF[provider].page} and paste all of it.`;
    }
    // Not even checked there, because a key must only be sent to its own provider.
    const other = KEY_PROVIDERS.find(({ id }) => id !== provider && KEYS_OF[id].mark.test(key))?.name;
    if (other !== undefined) {
      return `That is a key for ${other}, not for ${name}. Choose ${other} instead. The key was not saved.`;
    }
    const by = accountOf(actor);
    try {
      if (!(await services.ownKeys.connect(place.guild, provider, key, { by }, NEVER))) {
        return `${name} rejected this key, so it was not saved. Check that it still exists at ${KEYS_OF[provider].page}, or create a new one.`;
      }
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      return `${name} could not check the key, so it was not saved. ${inOneLine(explain(error))}`;
    }
    return connected(provider, key.slice(-4), { place, services });
  },
});

/** The effect of the new key. */
async function connected(
  provider: KeyProvider,
  lastFour: string,
  { place, services }: Pick<CommandContext, 'place' | 'services'>,
): Promise<string> {
  const { guild, decide } = await services.models.look(place.guild);
  const paid = services.catalogue.list(platformOf(place.guild)).flatMap(({ id, name }) => {
    const decision = decide(id);
    return decision.ok && decision.payer === 'guild' && decision.route.provider === provider ? [name] : [];
  });
  const name = keyProviderName(provider);
  return [
    `The key …${lastFour} for ${name} is connected, and ${placeOf(place.guild)} now has the tier \`${guild.tier}\`.`,
    paid.length === 0
      ? 'None of the available models can use the key.'
      : `The key pays for ${paid.join(', ')}: everyone here can use ${paid.length === 1 ? 'it' : 'them'}, and ${name} bills the key’s account.`,
    opens(guild.tier, 'premium') ? '' : '`/tier` shows how to get more models.',
    `Set a limit with \`/limits\`, see the cost with \`/usage\`, remove the key with \`/disconnect\`.`,
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

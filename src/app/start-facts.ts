import { type AccessTerms, checkAccess } from '../core/access/access.ts';
import type { CatalogueFile } from '../core/catalogue/file.ts';
import { type GuildId, platformOf } from '../core/ports/actor.ts';
import { LOCAL_PLATFORM } from '../core/ports/platforms.ts';
import { opens, type Tier } from '../core/ports/tiers.ts';
import { isPlaygroundOn } from './config/exposure.ts';
import type { Config } from './config/variables.ts';
import type { Offer } from './offer.ts';
import { type KeyRefusal, missingKeys } from './providers/keys.ts';
import type { StartFacts } from './start-block.ts';

/** Gathers the facts about models and providers for the block that the operator reads. */
export function startFactsOf(
  config: Config,
  { models }: Pick<CatalogueFile, 'models'>,
  { providers, catalogue, local, demoLacks }: Offer,
  refusals: readonly KeyRefusal[],
): Omit<StartFacts, 'address' | 'notes'> {
  const usable = providers.usable.difference(new Set(refusals.map(({ id }) => id)));
  const terms = { catalogue, operatorProviders: usable, keyProviders: [] };
  const isRouted = (id: string) =>
    models.some(({ routes }) => routes.some(({ provider }) => provider === id));
  return {
    providers: [...usable].filter(isRouted).map(providers.nameOf),
    demoLacks,
    models: models.length,
    local: local.map(({ definition: { id, name } }) => ({
      name,
      models: catalogue
        .list(LOCAL_PLATFORM)
        .filter(({ onlyOn, routes }) => onlyOn && routes[0]?.provider === id).length,
    })),
    missingKeys(tier) {
      const open = models.filter((model) => opens(tier, model.tier));
      return missingKeys({ listed: providers.listed, usable }, open);
    },
    openTo: (tier) => openModels(isPlaygroundOn(config) ? 'web:local' : 'discord:0', tier, terms),
  };
}

/** The number of models that a guild of this tier can use. */
function openModels(id: GuildId, tier: Tier, terms: AccessTerms): number {
  const guild = { id, tier, operatorTier: tier, ownKeys: [], failedKeys: [] };
  const models = terms.catalogue.list(platformOf(id));
  return models.filter((model) => checkAccess(model.id, guild, terms).ok).length;
}

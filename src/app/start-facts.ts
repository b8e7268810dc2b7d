import { type AccessTerms, checkAccess } from '../core/access/access.ts';
import type { Catalogue } from '../core/catalogue/catalogue.ts';
import type { CatalogueFile } from '../core/catalogue/file.ts';
import { type GuildId, platformOf } from '../core/ports/actor.ts';
import { LOCAL_PLATFORM } from '../core/ports/platforms.ts';
import { opens, type Tier } from '../core/ports/tiers.ts';
import { wantsForPlayground } from './config/exposure.ts';
import type { Config } from './config/variables.ts';
import { slackTransport } from './create-adapters.ts';
import type { KeyRefusal, Providers } from './providers.ts';
import type { StartFacts } from './start-block.ts';

/** Gathers the facts for the block that the operator reads. */
export function startFactsOf(of: {
  readonly config: Config;
  readonly file: CatalogueFile;
  readonly catalogue: Catalogue;
  readonly providers: Providers;
  /** Keys that their providers reject. */
  readonly refusals: readonly KeyRefusal[];
  /** The server's own URL. */
  readonly address: string;
  readonly notes: readonly string[];
}): StartFacts {
  const { config, file, catalogue, providers, refusals, address, notes } = of;
  const isPlayground = wantsForPlayground(config).length === 0;
  const askable = providers.usable.difference(new Set(refusals.map(({ id }) => id)));
  const terms = { catalogue, operatorProviders: askable, keyProviders: [] };
  const leadsTo = (id: string) =>
    file.models.some(({ routes }) => routes.some(({ provider }) => provider === id));
  return {
    discord: config.DISCORD_TOKEN !== undefined,
    slack: config.SLACK_BOT_TOKEN === undefined ? null : slackTransport(config).mode,
    playground: isPlayground ? `${address}/` : null,
    health: address,
    providers: [...askable].filter(leadsTo).map(providers.nameOf),
    demoLacks: providers.demoLacks,
    isLocalEverywhere: config.LOCAL_MODELS === 'on',
    models: file.models.length,
    local: providers.local.map(({ definition: { id, name } }) => ({
      name,
      models: catalogue
        .list(LOCAL_PLATFORM)
        .filter(({ onlyOn, routes }) => onlyOn && routes[0]?.provider === id).length,
    })),
    missingKeys: (tier) => {
      const open = file.models.filter((model) => opens(tier, model.tier));
      return providers.missingKeys(open, askable);
    },
    openTo: (tier) => openModels(isPlayground ? 'web:local' : 'discord:0', tier, terms),
    notes,
  };
}

/** The number of models that a guild of this tier can use. */
function openModels(id: GuildId, tier: Tier, terms: AccessTerms): number {
  const guild = { id, tier, operatorTier: tier, ownKeys: [], failedKeys: [] };
  const models = terms.catalogue.list(platformOf(id));
  return models.filter((model) => checkAccess(model.id, guild, terms).ok).length;
}

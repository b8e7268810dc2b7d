import type { Coordination } from '../coordination/coordination.ts';
import { createLedger } from '../ledger/ledger.ts';
import { createModelRequests, type ModelOffer, type ModelRequestsOptions } from '../ledger/model-requests.ts';
import { createLimitRules } from '../ledger/rules.ts';
import { createLimitWarnings } from '../ledger/warnings.ts';
import { UNLIMITED_INSTALLATION } from '../ports/limits.ts';
import type { Access } from './access.ts';
import type { AccessOptions, CoreOptions, HabitOptions, PlatformOptions } from './options.ts';

/** Limits, the ledger, and the only way to a model. */
export type Money = ReturnType<typeof wireMoney>;

/** The parts of `CoreOptions` that decide over money. */
export interface MoneyOptions extends Pick<CoreOptions, 'store' | 'clock' | 'log'> {
  readonly models: ModelOffer;
  readonly access: Pick<AccessOptions, 'limits'>;
  readonly platforms: Pick<PlatformOptions, 'tellAdmins'>;
  readonly habits: Pick<HabitOptions, 'timeZone'>;
}

export function wireMoney(
  options: MoneyOptions,
  { once, owner }: Pick<Coordination, 'once' | 'owner'>,
  { guilds, ownKeys }: Pick<Access, 'guilds'> & Pick<ModelRequestsOptions, 'ownKeys'>,
) {
  const { store, models: offer, clock, log } = options;
  const { tellAdmins } = options.platforms;
  const { timeZone } = options.habits;
  const { limits: config } = options.access;
  const limits = createLimitRules({ store, config, clock });
  const ledger = createLedger({
    store,
    clock,
    log,
    timeZone,
    get installation() {
      return config?.installation ?? UNLIMITED_INSTALLATION;
    },
    owner,
    async lookUpCost({ entry: { guild, provider: id, payer }, generationId }, signal) {
      const provider = offer.providers.get(id);
      const key = payer === 'guild' ? await ownKeys.useKey(guild, id) : undefined;
      if (provider === undefined || key === null) return null;
      return provider.generationCost(generationId, key?.secret, signal);
    },
  });
  const warnings = createLimitWarnings({ once, tellAdmins, clock, timeZone, log });
  const models = createModelRequests({
    offer,
    guilds,
    ownKeys,
    ledger,
    limits,
    warnings,
    clock,
    timeZone,
  });
  return { limits, ledger, models };
}

import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { createAuditLog } from '../../../core/access/audit.ts';
import { createGuilds } from '../../../core/access/guilds.ts';
import { createKeyStore } from '../../../core/access/key-store.ts';
import { createCatalogue } from '../../../core/catalogue/catalogue.ts';
import type { CatalogueFile } from '../../../core/catalogue/file.ts';
import { createLocks } from '../../../core/coordination/locks.ts';
import { createOnce } from '../../../core/coordination/once.ts';
import { createCleanupStack } from '../../../core/kit/cleanup-stack.ts';
import type { Clock } from '../../../core/kit/clock.ts';
import { formatUsd } from '../../../core/kit/money.ts';
import { createLedger } from '../../../core/ledger/ledger.ts';
import { createModelRequests } from '../../../core/ledger/model-requests.ts';
import { worstCostNanoUsd } from '../../../core/ledger/pricing.ts';
import { createLimitRules } from '../../../core/ledger/rules.ts';
import { createLimitWarnings } from '../../../core/ledger/warnings.ts';
import { type GuildId, platformOf } from '../../../core/ports/actor.ts';
import { NO_LIMITS } from '../../../core/ports/limits.ts';
import { openStore } from '../../../store/open-store.ts';
import { encryptionKeysOf } from '../../config/config.ts';
import type { Config } from '../../config/variables.ts';
import { openProviders } from '../../providers.ts';

export interface AskModelOptions {
  readonly config: Config;
  readonly file: CatalogueFile;
  readonly keyIn: (variable: string) => string | undefined;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly log: Logger;
}

export type ModelAnswer =
  | { readonly ok: true; readonly model: string; readonly text: string; readonly cost: string }
  | { readonly ok: false; readonly why: string };

const MOST_NANO_USD = 10_000_000;
const QUESTION = 'Reply with the single word: ready';
const MAX_OUTPUT_TOKENS = 400;
/** For the question, its frame and some room. */
const PROMPT_TOKENS = 200;

/**
 * Asks the cheapest model that a guild may use, for at most $0.01. Uses the path of all requests, so that tier, limits and
 * ledger apply as usual.
 */
export async function askCheapestModel(
  guild: GuildId,
  options: AskModelOptions,
  signal: AbortSignal,
): Promise<ModelAnswer> {
  const { config, file, clock, log } = options;
  const closing = createCleanupStack();
  try {
    const providers = await openProviders({ ...options, withDemo: false, withLocal: false });
    closing.add(() => providers.close());
    const catalogue = createCatalogue(file);
    for (const provider of providers.listing) {
      await provider.models(signal).then(
        (list) => catalogue.apply(provider.id, list),
        () => {},
      );
    }
    const store = await openStore(config.STORE_URL, { clock, log });
    closing.add(() => store.close());
    const owner = randomUUID();
    const locks = createLocks({ store, owner, clock, log });
    closing.add(() => locks.stop());
    const once = createOnce({ store, owner, clock, log });
    closing.add(() => once.stop());
    const audit = createAuditLog(store.records);
    const limitsConfig = config.LIMITS === 'on' ? file.limits : null;
    const timeZone = config.TIME_ZONE;
    const ledger = createLedger({
      store,
      clock,
      log,
      timeZone,
      installation: (limitsConfig ?? NO_LIMITS).installation,
      owner,
      lookUpCost: async () => null,
    });
    closing.add(() => ledger.stop());
    const models = createModelRequests({
      offer: {
        catalogue,
        providers: providers.clients,
        operatorProviders: providers.usable,
        searchProviders: new Set(),
      },
      guilds: createGuilds({
        store,
        clock,
        audit,
        keys: createKeyStore({ store, encryptionKeys: encryptionKeysOf(config), clock }),
        defaultTier: config.DEFAULT_TIER,
        skuTiers: config.DISCORD_SKU_TIERS,
      }),
      // The operator's check must not use a guild's key.
      ownKeys: { useKey: async () => null, providers: [] },
      ledger,
      limits: createLimitRules({ store, locks, config: limitsConfig, audit, clock }),
      warnings: createLimitWarnings({ once, tellAdmins: async () => false, clock, timeZone, log }),
      clock,
      timeZone,
    });
    const ids = catalogue.list(platformOf(guild)).map(({ id }) => id);
    const bounds = {
      promptTokens: PROMPT_TOKENS,
      outputTokens: MAX_OUTPUT_TOKENS,
      webSearches: 0,
      images: 0,
    };
    const open = (await models.decideAll(ids, guild)).flatMap((decision) => {
      if (!decision.ok || decision.payer !== 'operator') return [];
      const worst = worstCostNanoUsd(decision.route, bounds, catalogue.dearest);
      return worst <= MOST_NANO_USD ? [{ model: decision.model, worst }] : [];
    });
    const [cheapest] = open.toSorted((one, other) => one.worst - other.worst);
    if (cheapest === undefined)
      return { ok: false, why: 'no model that this server may use costs at most $0.01' };
    const request = await models.openRequest({
      id: randomUUID(),
      guild,
      user: 'doctor',
      groups: async () => [],
      userName: 'doctor',
      model: cheapest.model.id,
      messages: [{ role: 'user', content: QUESTION }],
      maxOutputTokens: MAX_OUTPUT_TOKENS,
      webSearch: false,
      conversation: `doctor/${randomUUID()}`,
    });
    if (!request.ok) return { ok: false, why: request.text };
    let text = '';
    try {
      for await (const event of request.stream(signal)) if (event.type === 'text') text += event.delta;
    } finally {
      await request.settle();
    }
    const { costNanoUsd } = await request.settle();
    return { ok: true, model: cheapest.model.id, text, cost: formatUsd(costNanoUsd) };
  } finally {
    await closing.close();
  }
}

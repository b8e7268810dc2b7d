import { randomUUID } from 'node:crypto';
import { type Catalogue, createCatalogue } from '../../../core/catalogue/catalogue.ts';
import { createOnce } from '../../../core/coordination/once.ts';
import { formatUsd } from '../../../core/kit/money.ts';
import type { ModelOffer, ModelRequests } from '../../../core/ledger/model-requests.ts';
import { worstCostNanoUsd } from '../../../core/ledger/pricing.ts';
import { type GuildId, platformOf } from '../../../core/ports/actor.ts';
import { wireMoney } from '../../../core/wiring/money.ts';
import { openStore } from '../../../store/open-store.ts';
import { guildsOf } from '../../core-options.ts';
import { createProviders } from '../../providers/providers.ts';
import type { ProviderCheckOptions } from '../providers.ts';
import type { Stage } from './stage.ts';

const MOST_NANO_USD = 10_000_000;
const QUESTION = 'Reply with the single word: ready';
/** Enough of the answer to compare it with what is read back. */
const MAX_READ_CHARS = 500;
/** The prompt is the question, its frame and some room. */
const BOUNDS = { promptTokens: 200, outputTokens: 400, webSearches: 0, images: 0 };

/**
 * Asks the cheapest model that a guild may use, for at most $0.01. Uses the path of all requests, so that tier, limits and
 * ledger apply as usual. Resolves to its answer; null if there is none, which is reported.
 */
export async function askCheapestModel(
  guild: GuildId,
  options: ProviderCheckOptions,
  { signal, findings }: Stage,
): Promise<string | null> {
  const notAsked = (why: string) => {
    findings.warn(`No model was asked: ${why}`, 'Run `npm run doctor` for the providers');
    return null;
  };
  await using closing = new AsyncDisposableStack();
  const offer = await offerOf(options, signal);
  const models = await openModels(options, offer, closing);
  const model = await cheapestFor(guild, models, offer.catalogue);
  if (model === null) return notAsked('no model that this server may use costs at most $0.01');
  const request = await models.openRequest({
    id: randomUUID(),
    actor: { guild, user: 'doctor', name: 'doctor', groups: async () => [] },
    model,
    messages: [{ role: 'user', content: QUESTION }],
    maxOutputTokens: BOUNDS.outputTokens,
    webSearch: false,
    conversation: `doctor/${randomUUID()}`,
  });
  if (!request.ok) return notAsked(request.text);
  let text = '';
  try {
    await request.stream((event) => {
      if (event.type === 'text') text += event.delta;
    }, signal);
  } finally {
    await request.settle();
  }
  const cost = formatUsd((await request.settle()).costNanoUsd);
  if (text.trim() === '') {
    findings.warn(`${model} sent no text (${cost})`, 'Try it in the playground');
    return null;
  }
  findings.ok(`${model} answers (${cost})`);
  return text.trim().slice(0, MAX_READ_CHARS);
}

/** The models file's providers and models, as the providers list them now. */
async function offerOf(options: ProviderCheckOptions, signal: AbortSignal): Promise<ModelOffer> {
  const providers = createProviders(options);
  const catalogue = createCatalogue(options.file);
  for (const provider of providers.listing) {
    await provider.models(signal).then(
      (list) => catalogue.apply(provider.id, list),
      () => {},
    );
  }
  return {
    catalogue,
    providers: providers.clients,
    operatorProviders: providers.usable,
    searchProviders: new Set(),
  };
}

/** The way to models, on the bot's own store. */
async function openModels(
  { config, file, clock, log }: ProviderCheckOptions,
  offer: ModelOffer,
  closing: AsyncDisposableStack,
): Promise<ModelRequests> {
  const store = closing.adopt(await openStore(config.STORE_URL, { clock, log }), (it) => it.close());
  const shared = { store, owner: randomUUID(), clock, log };
  const once = closing.adopt(createOnce(shared), (it) => it.stop());
  const guilds = guildsOf({ config, store, clock });
  const { ledger, models } = wireMoney(
    {
      ...shared,
      models: offer,
      access: { limits: config.LIMITS === 'on' ? file.limits : null },
      platforms: { tellAdmins: async () => false },
      habits: { timeZone: config.TIME_ZONE },
    },
    { ...shared, once },
    // The operator's check must not use a guild's key.
    { guilds, ownKeys: { useKey: async () => null, providers: [] } },
  );
  closing.defer(() => ledger.stop());
  return models;
}

/** The id of the cheapest model that the operator pays for; null if all may cost more than the check. */
async function cheapestFor(
  guild: GuildId,
  models: ModelRequests,
  catalogue: Catalogue,
): Promise<string | null> {
  const { decide } = await models.look(guild);
  const open = catalogue.list(platformOf(guild)).flatMap(({ id }) => {
    const decision = decide(id);
    if (!decision.ok || decision.payer !== 'operator') return [];
    const worst = worstCostNanoUsd(decision.route, BOUNDS, catalogue.dearest);
    return worst <= MOST_NANO_USD ? [{ id: decision.model.id, worst }] : [];
  });
  const [cheapest] = open.toSorted((one, other) => one.worst - other.worst);
  return cheapest?.id ?? null;
}

import { z } from 'zod';
import { createCatalogue } from '../../core/catalogue/catalogue.ts';
import type { CatalogueFile, ModelEntry } from '../../core/catalogue/file.ts';
import { replacementFor } from '../../core/catalogue/replacement.ts';
import { parseJson } from '../../core/kit/json.ts';
import { messageOf } from '../../core/kit/text/text.ts';
import { upTo } from '../../core/ports/effort.ts';
import { LOCAL_PLATFORM } from '../../core/ports/platforms.ts';
import type { ChatProvider, ModelFacts } from '../../core/ports/provider.ts';
import { opens, TIERS } from '../../core/ports/tiers.ts';
import type { ProviderDefinition } from '../../core/provider/definition.ts';
import type { Means } from '../means.ts';
import { isUsable, type KeyedProvider, type ListedProvidersOptions } from '../providers/listed.ts';
import { createProviders, missingKeys } from '../providers/providers.ts';
import { type Check, createFindings, type Findings } from './check.ts';

export interface ProviderCheckOptions extends ListedProvidersOptions, Means {
  readonly file: CatalogueFile;
}

const TIMEOUT_MS = 10_000;
/** Models that end within this time are reported in advance. */
const SOON_MS = 30 * 86_400_000;

/** Checks whether each provider answers, accepts the key, has credit, and still has the file's models. */
export async function checkProviders(options: ProviderCheckOptions): Promise<readonly Check[]> {
  const { file, fetch } = options;
  const providers = createProviders(options);
  const findings = createFindings('Providers');
  const models = createFindings('Models');
  const routed = new Set(file.models.flatMap(({ routes }) => routes.map(({ provider }) => provider)));
  const lists = new Map<string, readonly ModelFacts[]>();
  for (const provider of providers.listed) {
    const { id, name, apiKeyVariable } = provider.definition;
    const client = providers.clients.get(id);
    if (client === undefined || !routed.has(id)) continue;
    if (!isUsable(provider)) {
      findings.off(`${name} has no key`, `Set ${apiKeyVariable ?? 'its key'} to use it`);
      continue;
    }
    const list = await checkOne(provider, client, fetch, findings);
    if (list !== null) lists.set(id, list);
  }
  if (providers.usable.size === 0) {
    findings.fail(
      'No model is available: no provider has a key',
      `Set ${missingKeys(providers, file.models).join(' or ')} in .env (OpenRouter: https://openrouter.ai/settings/keys)`,
    );
  }
  checkModels(file.models, lists, options, models);
  checkBounds(file, lists, models);
  return [...findings.checks, ...models.checks];
}

/** The provider's models; null if unknown. */
async function checkOne(
  { definition, apiKey }: KeyedProvider,
  client: ChatProvider,
  fetch: ProviderCheckOptions['fetch'],
  findings: Findings,
): Promise<readonly ModelFacts[] | null> {
  const { name, apiKeyVariable, baseUrl, features } = definition;
  try {
    if (apiKey !== null && !(await client.checkKey(apiKey, AbortSignal.timeout(TIMEOUT_MS)))) {
      findings.fail(
        `${name} rejects the key in ${apiKeyVariable}`,
        `Set ${apiKeyVariable} to a key that it takes`,
      );
      return null;
    }
    const list = await client.models(AbortSignal.timeout(TIMEOUT_MS));
    findings.ok(`${name} answers${apiKey === null ? '' : ' and accepts the key'}`);
    if (apiKey !== null && features.keyLookup) await checkCredit(definition, apiKey, fetch, findings);
    return list;
  } catch (error) {
    findings.fail(
      `${name} cannot be reached: ${messageOf(error)}`,
      `Check the network, and that ${baseUrl} is the right address`,
    );
    return null;
  }
}

/** https://openrouter.ai/docs/api-reference/limits */
const keySchema = z.object({
  data: z.object({
    limit_remaining: z.number().nullish(),
    is_free_tier: z.boolean().nullish(),
    expires_at: z.string().nullish(),
  }),
});

async function checkCredit(
  { name, baseUrl }: ProviderDefinition,
  key: string,
  fetch: ProviderCheckOptions['fetch'],
  findings: Findings,
): Promise<void> {
  const response = await fetch(`${baseUrl}/key`, {
    headers: { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const parsed = keySchema.safeParse(parseJson(await response.text()));
  if (!parsed.success) return;
  const { limit_remaining: left, is_free_tier: isFree } = parsed.data.data;
  if (typeof left === 'number') {
    if (left <= 0)
      findings.fail(
        `The key for ${name} is used up`,
        'Raise its limit at https://openrouter.ai/settings/keys',
      );
    else findings.ok(`The key for ${name} has $${left.toFixed(2)} left`);
  }
  if (isFree) {
    findings.warn(
      `The account at ${name} never bought credit, so only free models answer, 50 requests a day`,
      'Buy credit at https://openrouter.ai/settings/credits',
    );
  }
}

function checkModels(
  entries: readonly ModelEntry[],
  lists: ReadonlyMap<string, readonly ModelFacts[]>,
  { config, clock }: ProviderCheckOptions,
  { ok, warn }: Findings,
): void {
  let alive = 0;
  for (const { id, routes } of entries) {
    const known = routes.filter(({ provider }) => lists.has(provider));
    if (known.length === 0) continue;
    const facts = known.map(({ provider, wireModel }) =>
      lists.get(provider)?.find((each) => each.id === wireModel),
    );
    const there = facts.filter((each) => each !== undefined);
    if (there.length === 0) {
      const near = known
        .map(({ provider, wireModel }) => replacementFor(wireModel, lists.get(provider) ?? []))
        .find((each) => each !== null);
      warn(
        `${id} is no longer offered by its provider`,
        near ? `Replace it by ${near} in ${config.MODELS_FILE}` : `Remove it from ${config.MODELS_FILE}`,
      );
      continue;
    }
    alive++;
    const end = there.find(
      ({ expiresAt }) => expiresAt && Date.parse(expiresAt) < clock.now() + SOON_MS,
    )?.expiresAt;
    if (end)
      warn(
        `${id} will be removed on ${end.slice(0, 10)}`,
        `Choose another model for ${config.MODELS_FILE} before that`,
      );
  }
  if (alive > 0) ok(`${alive} of ${entries.length} models of ${config.MODELS_FILE} are available`);
}

/** Warns of models whose lowest effort, as their providers state it, exceeds a tier's limit. */
function checkBounds(
  file: CatalogueFile,
  lists: ReadonlyMap<string, readonly ModelFacts[]>,
  { warn }: Pick<Findings, 'warn'>,
): void {
  const catalogue = createCatalogue(file);
  for (const [provider, list] of lists) catalogue.apply(provider, list);
  for (const tier of TIERS) {
    const { maxEffort, maxAnswerTokens } = catalogue.bounds(tier);
    if (maxEffort === null) continue;
    const thinking = catalogue
      .list(LOCAL_PLATFORM)
      .filter((model) => !model.gone && model.thinks && opens(tier, model.tier));
    for (const { id, efforts } of thinking) {
      const least = efforts[0];
      if (upTo(maxEffort, efforts).length > 0 || (least === undefined && maxAnswerTokens !== null)) continue;
      warn(
        `${id} thinks more than tiers.${tier}.maxEffort (${maxEffort}) allows: ${least === undefined ? 'it takes no effort' : `its least is ${least}`}`,
        least === undefined
          ? `Set tiers.${tier}.maxAnswerTokens, which limits it too`
          : `Set tiers.${tier}.maxEffort to ${least}, or give the model another tier`,
      );
    }
  }
}

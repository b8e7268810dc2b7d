import type { Logger } from 'pino';
import type { Providers } from './providers.ts';

/** A provider that rejects the operator's key. */
export interface KeyRefusal {
  /** The provider's id. */
  readonly id: string;
  readonly variable: string;
}

/** A model of the file or of the catalogue. */
interface Routed {
  readonly routes: readonly { readonly provider: string }[];
}

/** The start waits for this; a check takes about 200 ms. */
const KEY_CHECK_MS = 1_500;

/** The variables for the missing keys of these models' providers, except usable ones. */
export function missingKeys(
  { listed, usable }: Pick<Providers, 'listed' | 'usable'>,
  models: readonly Routed[],
): readonly string[] {
  const wanted = new Set(models.flatMap(({ routes }) => routes.map(({ provider }) => provider)));
  return [...wanted.difference(usable)].flatMap(
    (id) => listed.find(({ definition }) => definition.id === id)?.definition.apiKeyVariable ?? [],
  );
}

/** The providers that reject the operator's key. One that does not answer within 1.5 s rejects nothing. Never rejects. */
export async function refusedKeys(
  { listed, clients }: Pick<Providers, 'listed' | 'clients'>,
  log: Logger,
): Promise<readonly KeyRefusal[]> {
  const signal = AbortSignal.timeout(KEY_CHECK_MS);
  const checked = listed.map(async ({ definition: { id, apiKeyVariable: variable }, apiKey }) => {
    const client = clients.get(id);
    if (apiKey === null || variable === null || client === undefined) return [];
    try {
      return (await client.checkKey(apiKey, signal)) ? [] : [{ id, variable }];
    } catch (error) {
      log.debug({ err: error, provider: id }, 'could not check a key');
      return [];
    }
  });
  return (await Promise.all(checked)).flat();
}

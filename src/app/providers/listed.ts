import type { CatalogueFile } from '../../core/catalogue/file.ts';
import type { ProviderDefinition } from '../../core/provider/definition.ts';
import { readConfig } from '../config/config.ts';
import type { Config } from '../config/variables.ts';

/** The built-in provider that all models of the file use by default, and that the demo stands in for. */
export const OPENROUTER = 'openrouter';

/** A provider with the operator's key. */
export interface KeyedProvider {
  readonly definition: ProviderDefinition;
  /** Null if its variable is not set, or if it needs none. */
  readonly apiKey: string | null;
}

export interface ListedProvidersOptions {
  readonly config: Config;
  readonly file: Pick<CatalogueFile, 'providers'>;
  /** The key in an environment variable named by the models file. */
  readonly keyIn: (variable: string) => string | undefined;
}

/** The providers of the models file, with the addresses and keys of the environment. */
export function listedProviders({ config, file, keyIn }: ListedProvidersOptions): readonly KeyedProvider[] {
  return file.providers.map((definition) => ({
    definition: withEnvironment(definition, config),
    apiKey: definition.apiKeyVariable === null ? null : (keyIn(definition.apiKeyVariable) ?? null),
  }));
}

/** Whether the operator can pay for its requests: there is a key, or it needs none. */
export function isUsable({ definition, apiKey }: KeyedProvider): boolean {
  return apiKey !== null || definition.keyless;
}

/** Whether a server at another address stands in for this built-in provider. */
export function hasOwnAddress({ id, baseUrl }: ProviderDefinition): boolean {
  const variable = BASE_URLS.get(id);
  return variable !== undefined && baseUrl !== DEFAULTS[variable];
}

const DEFAULTS = readConfig({});

const BASE_URLS: ReadonlyMap<string, 'OPENROUTER_BASE_URL' | 'OPENAI_BASE_URL'> = new Map([
  [OPENROUTER, 'OPENROUTER_BASE_URL'],
  ['openai', 'OPENAI_BASE_URL'],
]);

/** A built-in provider with the environment's address. A server that replaces it may need no key. */
function withEnvironment(definition: ProviderDefinition, config: Config): ProviderDefinition {
  const variable = BASE_URLS.get(definition.id);
  if (variable === undefined) return definition;
  const moved = { ...definition, baseUrl: config[variable] };
  return { ...moved, keyless: moved.keyless || hasOwnAddress(moved) };
}

import type { Logger } from 'pino';
import type { CatalogueFile } from '../../core/catalogue/file.ts';
import type { Clock } from '../../core/kit/clock.ts';
import type { ChatProvider } from '../../core/ports/provider.ts';
import type { ProviderDefinition } from '../../core/provider/definition.ts';
import type { DemoProvider } from '../../demo/demo-provider.ts';
import { OPENROUTER } from './listed.ts';

/** Starts the demo; null if no model of the file is routed to OpenRouter, for which it stands in. */
export async function startDemo(
  { models }: Pick<CatalogueFile, 'models'>,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<DemoProvider | null> {
  if (!models.some(({ routes }) => routes.some(({ provider }) => provider === OPENROUTER))) return null;
  const { startDemoProvider } = await import('../../demo/demo-provider.ts');
  return startDemoProvider({ models, clock, log });
}

/** OpenRouter with the demo's name and address. */
export function demoDefinition(real: ProviderDefinition, { baseUrl }: DemoProvider): ProviderDefinition {
  return { ...real, name: "Parley's demo", baseUrl, keyless: true };
}

/** The demo, except for requests with guilds' own keys and checks of such keys. */
export function withOwnKeys(demo: ChatProvider, real: ChatProvider): ChatProvider {
  const who = (apiKey: string | undefined) => (apiKey === undefined ? demo : real);
  return {
    id: demo.id,
    looksUpCosts: real.looksUpCosts,
    stream: (request, signal) => who(request.apiKey).stream(request, signal),
    models: (signal) => demo.models(signal),
    generationCost: (generationId, apiKey, signal) =>
      who(apiKey).generationCost(generationId, apiKey, signal),
    checkKey: (apiKey, signal) => real.checkKey(apiKey, signal),
  };
}

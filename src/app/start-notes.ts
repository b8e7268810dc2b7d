import type { GoneModel } from '../core/catalogue/refresh.ts';
import type { LocalServer } from '../core/provider/local.ts';

/** Models shown per server; one would be enough as an example. */
const MAX_SHOWN = 3;

/** The remedy for a model that is gone. */
export function goneInWords({ id, instead }: GoneModel, file: string): string {
  const remedy = instead === null ? `remove it from ${file}` : `replace it by ${instead} in ${file}`;
  return `${id} is no longer offered by its provider: ${remedy}. \`npm run doctor\` checks all models.`;
}

/** The lines that offer this machine's models on chat platforms too. */
export function localInWords(found: readonly LocalServer[], file: string): string[] {
  return found.flatMap(({ definition: { id, name, baseUrl }, models }) => {
    const listed = models
      .filter(isListable)
      .slice(0, MAX_SHOWN)
      .map((model) => ({
        id: listedIdOf(id, model.id),
        name: model.id,
        tier: 'free',
        routes: [{ provider: id, model: model.id }],
        ...(model.contextTokens && { contextTokens: model.contextTokens }),
      }));
    return [
      `${name} runs on this machine. To offer its models on Discord and Slack too, set LOCAL_MODELS=on, or add to ${file}:`,
      `  providers: ${JSON.stringify({ id, name, baseUrl, keyless: true, free: true })}`,
      ...listed.map((model) => `  models:    ${JSON.stringify(model)}`),
    ];
  });
}

/** `models.json` accepts no names with white space. */
function isListable({ id }: LocalServer['models'][number]): boolean {
  return !/\s/.test(id);
}

/** An id valid in `models.json`: lower case, one slash, no suffix. */
function listedIdOf(provider: string, name: string): string {
  return `${provider}/${name.toLowerCase().replace(/[^a-z0-9._-]+/g, '-')}`;
}

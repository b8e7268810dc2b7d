import type { OwnKeys } from '../core/access/own-keys.ts';
import { momentInWords } from '../core/access/until.ts';
import type { GoneModel } from '../core/catalogue/refresh.ts';
import type { Pause } from '../core/chat/pause.ts';
import type { LocalServer } from '../core/provider/local.ts';
import { isVariable, VARIABLES } from './config/variables.ts';
import type { KeyRefusal, Providers } from './providers.ts';

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

/** A `DEFAULT_MODEL` of a server on this machine that does not run. */
export function absentInWords(model: string): string {
  return `No server on this machine offers DEFAULT_MODEL ${model}, so the first free model answers. Restart Parley once one does.`;
}

/** The remedy for a key that its provider rejects. */
export function refusedInWords({ id, variable }: KeyRefusal, { nameOf }: Providers): string {
  const key = isVariable(variable) ? VARIABLES[variable].expected : 'a key that it takes';
  return `${nameOf(id)} rejects the key in ${variable}. Set it to ${key} and restart Parley.`;
}

/** The result for guilds' keys after a change of `ENCRYPTION_KEY`. */
export function turnedInWords({ turned, unreadable }: Awaited<ReturnType<OwnKeys['turnOver']>>): string[] {
  const count = (keys: number) => `${keys} ${keys === 1 ? 'key' : 'keys'} of guilds`;
  return [
    `Encryption: ${count(turned)} encrypted with the new ENCRYPTION_KEY. Once every process has it, remove ENCRYPTION_KEY_OLD.`,
    ...(unreadable === 0
      ? []
      : [
          `Encryption: ${count(unreadable)} cannot be decrypted with either key. Their admins have to connect them again.`,
        ]),
  ];
}

export function pausedInWords({ sinceMs, by }: Pause): string {
  return `Paused since ${momentInWords(sinceMs)} by ${by}: nobody gets an answer until you run \`npm run parley -- resume\`.`;
}

/** `models.json` accepts no names with white space. */
function isListable({ id }: LocalServer['models'][number]): boolean {
  return !/\s/.test(id);
}

/** An id valid in `models.json`: lower case, one slash, no suffix. */
function listedIdOf(provider: string, name: string): string {
  return `${provider}/${name.toLowerCase().replace(/[^a-z0-9._-]+/g, '-')}`;
}

import type { OwnKeys } from '../core/access/own-keys.ts';
import { momentInWords } from '../core/access/until.ts';
import type { GoneModel } from '../core/catalogue/refresh.ts';
import type { Pause } from '../core/chat/question/pause.ts';
import { counted } from '../core/kit/text/text.ts';
import { LOCAL_PLATFORM } from '../core/ports/platforms.ts';
import type { LocalServer } from '../core/provider/local.ts';
import { type Config, isVariable, VARIABLES } from './config/variables.ts';
import type { StartedAdapter } from './create-adapters.ts';
import type { Offer } from './offer.ts';
import type { KeyRefusal, Providers } from './providers/providers.ts';

/** Models shown per server; one would be enough as an example. */
const MAX_SHOWN = 3;

/** The findings of the start, for the notes below the block. */
export interface Found {
  readonly config: Config;
  readonly offer: Pick<Offer, 'catalogue' | 'found'> & { readonly providers: Pick<Providers, 'nameOf'> };
  readonly adapters: readonly Pick<StartedAdapter, 'platform' | 'notes'>[];
  readonly refusals: readonly KeyRefusal[];
  readonly gone: readonly GoneModel[];
  /** Guilds' keys that were encrypted anew; null if `ENCRYPTION_KEY_OLD` is not set. */
  readonly turned: Turned | null;
  readonly pause: Pause | null;
}

/** More lines for the operator, such as an invite link. */
export function startNotes(found: Found): readonly string[] {
  const { config, offer, adapters, refusals, gone, turned, pause } = found;
  const { MODELS_FILE: path, DEFAULT_MODEL: wanted } = config;
  const isAbsent = wanted !== undefined && offer.catalogue.get(wanted, LOCAL_PLATFORM) === null;
  const isOnChats = adapters.some(({ platform }) => platform !== LOCAL_PLATFORM);
  return [
    ...(isAbsent ? [absentInWords(wanted)] : []),
    ...adapters.flatMap(({ notes = [] }) => notes),
    ...gone.map((model) => goneInWords(model, path)),
    ...(isOnChats && config.LOCAL_MODELS === 'off' ? localInWords(offer.found, path) : []),
    ...refusals.map((refusal) => refusedInWords(refusal, offer.providers)),
    ...(turned === null ? [] : turnedInWords(turned)),
    ...(pause === null ? [] : [pausedInWords(pause)]),
  ];
}

/** The remedy for a model that is gone. */
function goneInWords({ id, instead }: GoneModel, file: string): string {
  const remedy = instead === null ? `remove it from ${file}` : `replace it by ${instead} in ${file}`;
  return `${id} is no longer offered by its provider: ${remedy}. \`npm run doctor\` checks all models.`;
}

/** The lines that offer this machine's models on chat platforms too. */
function localInWords(found: readonly LocalServer[], file: string): string[] {
  return found.flatMap(({ definition: { id, name, baseUrl }, models }) => {
    // `models.json` accepts no names with white space.
    const listed = models
      .filter((model) => !/\s/.test(model.id))
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
function absentInWords(model: string): string {
  return `No server on this machine offers DEFAULT_MODEL ${model}, so the first free model answers. Restart Parley once one does.`;
}

/** The remedy for a key that its provider rejects. */
function refusedInWords({ id, variable }: KeyRefusal, { nameOf }: Pick<Providers, 'nameOf'>): string {
  const key = isVariable(variable) ? VARIABLES[variable].expected : 'a key that it takes';
  return `${nameOf(id)} rejects the key in ${variable}. Set it to ${key} and restart Parley.`;
}

type Turned = Awaited<ReturnType<OwnKeys['turnOver']>>;

/** The result for guilds' keys after a change of `ENCRYPTION_KEY`. */
function turnedInWords({ turned, unreadable }: Turned): string[] {
  const count = (keys: number) => counted(keys, 'key of guilds', 'keys of guilds');
  return [
    `Encryption: ${count(turned)} encrypted with the new ENCRYPTION_KEY. Once every process has it, remove ENCRYPTION_KEY_OLD.`,
    ...(unreadable === 0
      ? []
      : [
          `Encryption: ${count(unreadable)} cannot be decrypted with either key. Their admins have to connect them again.`,
        ]),
  ];
}

function pausedInWords({ sinceMs, by }: Pause): string {
  return `Paused since ${momentInWords(sinceMs)} by ${by}: nobody gets an answer until you run \`npm run parley -- resume\`.`;
}

/** An id valid in `models.json`: lower case, one slash, no suffix. */
function listedIdOf(provider: string, name: string): string {
  return `${provider}/${name.toLowerCase().replace(/[^a-z0-9._-]+/g, '-')}`;
}

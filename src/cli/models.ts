import { readFile, realpath, rename, writeFile } from 'node:fs/promises';
import { linesOf } from '../app/checks/check.ts';
import { checkKeys } from '../app/checks/doctor.ts';
import { keyFrom, readConfig } from '../app/config/config.ts';
import type { Environment } from '../app/config/environment.ts';
import { readSetup } from '../app/config/setup.ts';
import type { Config } from '../app/config/variables.ts';
import { meansFor } from '../app/means.ts';
import { isUsable } from '../app/providers/listed.ts';
import { createProviders } from '../app/providers/providers.ts';
import { withModel, withoutModel } from '../core/catalogue/edit-file.ts';
import type { CatalogueFile } from '../core/catalogue/file.ts';
import { perMillion } from '../core/kit/money.ts';
import { counted, messageOf } from '../core/kit/text/text.ts';
import { StartError } from '../core/ports/adapter.ts';
import type { ModelFacts } from '../core/ports/provider.ts';
import { isTier, TIERS, type Tier } from '../core/ports/tiers.ts';
import { actionIn, type CliArguments, type CliCommand, type CliOutput, UsageError } from './command.ts';
import { table } from './table.ts';

/** Its list of models needs no key. */
const PUBLIC = 'openrouter';
const MAX_SHOWN = 50;
const TIMEOUT_MS = 20_000;
const AFTERWARDS = 'A running bot applies this within seconds.';

/** Searches the providers for models, checks the models file, and changes it. */
export const models: CliCommand = {
  name: 'models',
  summary: 'Search the providers, and add, remove and check models of models.json',
  usage: [
    'models search [<words>]',
    'models check',
    `models add <id> [--provider <id>] [--tier <${TIERS.join('|')}>] [--name <text>]`,
    'models remove <id>',
  ],
  options: { provider: { type: 'string' }, tier: { type: 'string' }, name: { type: 'string' } },

  async runBare(args, environment) {
    const [action, ...rest] = args.words(Number.POSITIVE_INFINITY);
    if (action !== 'add') args.refuse('provider', 'tier', 'name');
    switch (actionIn('models', ['search', 'check', 'add', 'remove'], action)) {
      case 'search':
        return search(rest.join(' '), environment);
      case 'check':
        args.words(1);
        return check(environment);
      case 'add':
        args.words(2);
        return add(rest[0], args, environment);
      case 'remove':
        args.words(2);
        return remove(rest[0], environment);
    }
  },
};

/** The models of the file's providers, and the providers that did not answer. */
async function offersOf(environment: Environment) {
  const { config, file } = await readSetup(environment);
  const keyIn = (variable: string) => keyFrom(environment.variables, variable);
  const { listed, clients } = createProviders({ ...meansFor(config), config, file, keyIn });
  const silent: string[] = [];
  const lists = await Promise.all(
    listed.map(async (provider): Promise<{ provider: string; facts: ModelFacts }[]> => {
      const { id } = provider.definition;
      if (!isUsable(provider) && id !== PUBLIC) return [];
      try {
        const list = await clients.get(id)?.models(AbortSignal.timeout(TIMEOUT_MS));
        return (list ?? []).map((facts) => ({ provider: id, facts }));
      } catch (error) {
        silent.push(`${id}: ${messageOf(error)}`);
        return [];
      }
    }),
  );
  return { config, file, offers: lists.flat(), silent };
}

async function search(text: string, environment: Environment): Promise<CliOutput> {
  const { config, file, offers, silent } = await offersOf(environment);
  const words = text.toLowerCase().split(/\s+/);
  const found = offers.filter(({ facts: { id, name } }) =>
    words.every((word) => `${id} ${name}`.toLowerCase().includes(word)),
  );
  const rows = found
    .slice(0, MAX_SHOWN)
    .map(({ provider, facts }) => [
      facts.id,
      facts.name,
      provider,
      facts.contextTokens ?? '',
      perMillion(facts.prices.promptPicoUsd),
      perMillion(facts.prices.completionPicoUsd),
      facts.inputModalities?.includes('image') ? 'yes' : '',
      facts.efforts?.join(' ') ?? '',
      isListed(file, provider, facts.id) ? 'yes' : '',
    ]);
  const known = ['Id', 'Name', 'Provider', 'Context', 'In, per million', 'Out', 'Sees', 'Effort'];
  const headings = [...known, config.MODELS_FILE];
  return {
    text: [
      table(headings, rows, 'No model has a name like that.'),
      ...(found.length > rows.length
        ? [`… and ${counted(found.length - rows.length, 'more', 'more')}. Search for a longer name.`]
        : []),
      ...silent.map((fault) => `No answer from ${fault}`),
      ...(rows.length === 0 ? [] : ['Add one with `models add <id>`.']),
    ].join('\n'),
    json: found.map(({ provider, facts }) => ({
      provider,
      ...facts,
      listed: isListed(file, provider, facts.id),
    })),
    failed: offers.length === 0,
  };
}

function isListed({ models }: CatalogueFile, provider: string, wireModel: string): boolean {
  return models.some(({ routes }) =>
    routes.some((route) => route.provider === provider && route.wireModel === wireModel),
  );
}

async function check({ variables, fromFile }: Environment): Promise<CliOutput> {
  const config = readConfig(variables, fromFile);
  const checks = await checkKeys({ ...meansFor(config), config, variables });
  const isWrong = checks.some(
    ({ area, state }) => state === 'fail' || (area === 'Models' && state === 'warn'),
  );
  return { text: linesOf(checks).join('\n'), json: { ok: !isWrong, checks }, failed: isWrong };
}

async function add(id: string | undefined, args: CliArguments, environment: Environment): Promise<CliOutput> {
  if (id === undefined) throw new UsageError('The model id is missing. Find it with `models search`.');
  const tier = args.text('tier');
  if (tier !== undefined && !isTier(tier)) {
    throw new UsageError(`${JSON.stringify(tier)} is not a tier. Use ${TIERS.join(', ')}.`);
  }
  const wanted = args.text('provider');
  const { config, offers, silent } = await offersOf(environment);
  const offer = offers.find(({ provider, facts }) => facts.id === id && (wanted ?? provider) === provider);
  if (offer === undefined) {
    throw new StartError(
      `No provider${wanted === undefined ? '' : ` ${wanted}`} offers ${id}.${silent.map((fault) => ` ${fault}`).join('')}`,
      'Find its id with `models search`.',
    );
  }
  const { provider, facts } = offer;
  const model = {
    // Catalogue ids have a maker before the slash.
    id: id.includes('/') ? id : `${provider}/${id}`.toLowerCase(),
    name: args.text('name') ?? facts.name,
    tier: tier ?? tierFor(provider, facts),
    provider,
    facts,
  };
  await change(config, (text) => withModel(text, model));
  return {
    text: `Added ${model.id} (${model.name}) to ${config.MODELS_FILE}, in tier ${model.tier}. ${AFTERWARDS}`,
    json: { added: model.id, tier: model.tier, provider },
  };
}

/** The default tier: `free` for free models, else the tier of the provider. */
function tierFor(provider: string, { prices }: ModelFacts): Tier {
  if (prices.promptPicoUsd === 0 && prices.completionPicoUsd === 0) return 'free';
  return isTier(provider) ? provider : 'premium';
}

async function remove(id: string | undefined, environment: Environment): Promise<CliOutput> {
  if (id === undefined) throw new UsageError('The model id is missing.');
  const { config, file } = await readSetup(environment);
  if (config.DEFAULT_MODEL === id) {
    throw new StartError(`${id} is DEFAULT_MODEL.`, 'Set DEFAULT_MODEL to another model first.');
  }
  if (!file.models.some((model) => model.id === id)) {
    throw new StartError(
      `${config.MODELS_FILE} has no model ${id}.`,
      `It has ${file.models.map((model) => model.id).join(', ')}.`,
    );
  }
  await change(config, (text) => withoutModel(text, id) ?? text);
  return { text: `Removed ${id} from ${config.MODELS_FILE}. ${AFTERWARDS}`, json: { removed: id } };
}

/** Replaces the file in one step, so that a bot never reads half of it. */
async function change({ MODELS_FILE }: Config, edit: (text: string) => string): Promise<void> {
  const path = await realpath(MODELS_FILE);
  const text = edit(await readFile(path, 'utf8'));
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

import { randomBytes } from 'node:crypto';
import type { Check } from '../../app/checks/check.ts';
import { checkEnvironment, readConfig } from '../../app/config/config.ts';
import { faultInWords } from '../../app/config/faults.ts';
import { StartError } from '../../core/ports/adapter.ts';
import { PLATFORMS } from '../../core/ports/platforms.ts';
import type { Ask } from './ask.ts';
import { writeVariables } from './env-file.ts';
import { OPERATOR_PLATFORMS, type OperatorPlatform, operatorFrom } from './find-operator.ts';
import { createGuides, type Guide, type GuideOptions } from './guides.ts';

export type Answers = Readonly<
  Partial<Record<Guide['names'][number] | 'OPERATORS' | 'OPERATOR_CONTACT' | 'ADMIN_TOKEN', string>>
>;

export interface SetupOptions extends GuideOptions {
  /** Answers given beforehand, which are not asked again. */
  readonly answers: Answers;
  /** Null to ask nothing. */
  readonly ask: Ask | null;
  /** Whether `answers` may replace existing settings. */
  readonly replace: boolean;
  /** The present settings of the process and `.env`. */
  readonly variables: NodeJS.Dict<string>;
  readonly envPath: string;
  /** The text of a new `.env`. */
  readonly example: string;
}

export interface SetupReport {
  /** Names of the variables that were written. */
  readonly written: readonly string[];
  /** The results of checking the answers. */
  readonly checks: readonly Check[];
  readonly variables: NodeJS.Dict<string>;
}

/**
 * Asks what Parley needs, checks each answer with whom it is for, and writes it to `.env` at once, so that it can be broken
 * off and begun again.
 *
 * @throws StartError where an answer that was given beforehand cannot be used; Cancelled
 */
export async function runSetup(options: SetupOptions): Promise<SetupReport> {
  const { answers, ask, envPath, example, replace } = options;
  let variables: NodeJS.Dict<string> = { ...options.variables };
  const written = new Set<string>();
  const checks: Check[] = [];
  const isSet = (name: string) => Boolean(variables[name]?.trim());

  async function keep(values: Readonly<Record<string, string>>): Promise<void> {
    await writeVariables(envPath, example, values);
    variables = { ...variables, ...values };
    for (const name of Object.keys(values)) written.add(name);
  }

  /** The problems with these values; other findings are shown to the person. */
  async function faultsOf(
    values: Readonly<Record<string, string>>,
    check?: Guide['check'],
  ): Promise<string[]> {
    const next = { ...variables, ...values };
    const { faults } = checkEnvironment(next);
    if (faults.length > 0 || check === undefined) return faults.map(faultInWords);
    const found = await check(readConfig(next), next);
    checks.push(...found);
    for (const each of found) {
      if (each.state === 'ok') ask?.say(each.finding);
      if (each.state === 'warn') ask?.warn(inWords(each));
    }
    return found.filter(({ state }) => state === 'fail').map(inWords);
  }

  async function accept(values: Readonly<Record<string, string>>, check?: Guide['check']): Promise<void> {
    const taken = Object.keys(values).filter((name) => isSet(name) && variables[name] !== values[name]);
    if (taken.length > 0 && !replace) {
      throw new StartError(`${taken.join(' and ')} is already set.`, 'Add --replace to overwrite it.');
    }
    const faults = await faultsOf(values, check);
    if (faults.length > 0)
      throw new StartError(faults.join('\n'), 'Everything that was set before this is saved in .env.');
    await keep(values);
  }

  async function follow(guide: Guide): Promise<void> {
    const { names, title, question, byDefault, link, steps, copy, check } = guide;
    const given = names.flatMap((name) =>
      answers[name] === undefined ? [] : [[name, answers[name]] as const],
    );
    if (given.length > 0) return accept(Object.fromEntries(given), check);
    if (ask === null) return;
    const isDone = names.every(isSet);
    if (!(await ask.confirm(isDone ? `${title} is set up. Change it?` : question, !isDone && byDefault)))
      return;
    if (copy !== null) ask.print(copy);
    ask.show(title, `${link}\n${steps}`);
    ask.open(link);
    for (;;) {
      const values: Record<string, string> = {};
      for (const name of names) {
        const value = await ask.secret(`${name} (leave it empty to skip)`);
        if (value === null) return;
        values[name] = value;
      }
      const faults = await faultsOf(values, check);
      if (faults.length === 0) return keep(values);
      for (const fault of faults) ask.warn(fault);
    }
  }

  const isOnPlatform = () => Object.values(OPERATOR_PLATFORMS).some(isSet);

  async function nameOperators(): Promise<void> {
    if (answers.OPERATORS !== undefined) return accept({ OPERATORS: answers.OPERATORS });
    if (ask === null) return;
    for (const platform of Object.keys(OPERATOR_PLATFORMS) as OperatorPlatform[]) {
      const config = readConfig(variables);
      const known = [...config.OPERATORS];
      if (!isSet(OPERATOR_PLATFORMS[platform]) || known.some((each) => each.startsWith(`${platform}:`)))
        continue;
      const question = `Find out your own id on ${PLATFORMS[platform].name}, so that the bot knows who runs it?`;
      if (!(await ask.confirm(question, true))) continue;
      const operator = await operatorFrom(platform, config, ask, options);
      if (operator === null)
        ask.warn(
          'No message with that word came. Set OPERATORS in .env later, or run `npm run setup` again.',
        );
      else await keep({ OPERATORS: [...known, operator].join(',') });
    }
  }

  async function nameContact(): Promise<void> {
    if (answers.OPERATOR_CONTACT !== undefined) return accept({ OPERATOR_CONTACT: answers.OPERATOR_CONTACT });
    if (ask === null || isSet('OPERATOR_CONTACT') || !isOnPlatform()) return;
    for (;;) {
      const contact = await ask.text(
        'How do people reach you, such as “Mia, mia@example.com”? /help shows it (leave it empty to skip)',
      );
      if (contact === null) return;
      const faults = await faultsOf({ OPERATOR_CONTACT: contact });
      if (faults.length === 0) return keep({ OPERATOR_CONTACT: contact });
      for (const fault of faults) ask.warn(fault);
    }
  }

  /** With a token, the playground asks for it too; with a platform, the playground is off. */
  async function openDashboard(): Promise<void> {
    if (answers.ADMIN_TOKEN !== undefined) return accept({ ADMIN_TOKEN: answers.ADMIN_TOKEN });
    if (ask === null || isSet('ADMIN_TOKEN') || !isOnPlatform()) return;
    if (!(await ask.confirm('Switch on the dashboard in the browser? A token for it is made.', true))) return;
    await keep({ ADMIN_TOKEN: randomBytes(24).toString('hex') });
    ask.say(
      `The dashboard will be at http://127.0.0.1:${readConfig(variables).PORT}/admin. It asks for the ADMIN_TOKEN in .env.`,
    );
  }

  ask?.begin('Parley: setup');
  for (const guide of createGuides(options)) await follow(guide);
  await nameOperators();
  await nameContact();
  await openDashboard();
  if (!isSet('ENCRYPTION_KEY')) {
    await keep({ ENCRYPTION_KEY: randomBytes(32).toString('base64') });
    ask?.say(
      'Created an ENCRYPTION_KEY for API keys that guilds connect. Keep a copy of .env, but not next to the store.',
    );
  }
  return { written: [...written], checks, variables };
}

function inWords({ finding, remedy }: Check): string {
  return remedy === null ? `${finding}.` : `${finding}. ${remedy}.`;
}

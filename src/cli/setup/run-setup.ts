import { randomBytes } from 'node:crypto';
import { CHAT_TOKENS, type ChatPlatform } from '../../app/config/variables.ts';
import { StartError } from '../../core/ports/adapter.ts';
import { PLATFORMS } from '../../core/ports/platforms.ts';
import { operatorFrom } from './find-operator.ts';
import { createGuides, type Guide, type Secret } from './guides.ts';
import { createSettings, type SetupOptions } from './settings.ts';

/**
 * Asks what Parley needs, checks each answer with whom it is for, and writes it to `.env` at once, so that it can be broken
 * off and begun again.
 *
 * @throws StartError where an answer that was given beforehand cannot be used; Cancelled
 */
export async function runSetup(options: SetupOptions) {
  const { ask } = options;
  const settings = createSettings(options);
  ask?.begin('Parley: setup');
  for (const guide of createGuides(options)) await follow(guide, options, settings);
  await nameOperators(options, settings);
  await nameContact(options, settings);
  await openDashboard(options, settings);
  if (!settings.isSet('ENCRYPTION_KEY')) {
    await settings.keep({ ENCRYPTION_KEY: randomBytes(32).toString('base64') });
    ask?.say(
      'Created an ENCRYPTION_KEY for API keys that guilds connect. Keep a copy of .env, but not next to the store.',
    );
  }
  return settings.report();
}

type Settings = ReturnType<typeof createSettings>;

function isOnPlatform({ isSet }: Settings): boolean {
  return Object.values(CHAT_TOKENS).some(isSet);
}

async function follow(guide: Guide, { answers, ask }: SetupOptions, settings: Settings): Promise<void> {
  const { isSet, keepValid, accept } = settings;
  const { names, title, question, byDefault, link, steps, copy, check } = guide;
  const given = names.flatMap((name) =>
    answers[name] === undefined ? [] : [[name, answers[name]] as const],
  );
  if (given.length > 0) return accept(Object.fromEntries(given), check);
  if (ask === null) return;
  const isDone = names.every(isSet);
  if (!(await ask.confirm(isDone ? `${title} is set up. Change it?` : question, !isDone && byDefault)))
    return;
  if (copy !== undefined) ask.print(copy);
  ask.show(title, `${link}\n${steps}`);
  ask.open(link);
  await keepValid(async () => {
    const values: Record<string, string> = {};
    for (const name of names) {
      const value = await ask.secret(`${name} (leave it empty to skip)`);
      if (value === null) return null;
      values[name] = value;
    }
    return values;
  }, check);
}

/** The setup hears a message with these alone: over HTTP, Slack's events reach only a running bot. */
const HEARD_WITH = {
  discord: 'DISCORD_TOKEN',
  slack: 'SLACK_APP_TOKEN',
} as const satisfies Record<ChatPlatform, Secret>;

async function nameOperators(options: SetupOptions, settings: Settings): Promise<void> {
  const { answers, ask } = options;
  const { isSet, keep, accept } = settings;
  if (answers.OPERATORS !== undefined) return accept({ OPERATORS: answers.OPERATORS });
  if (ask === null) return;
  for (const platform of Object.keys(CHAT_TOKENS) as ChatPlatform[]) {
    const config = settings.config();
    const known = [...config.OPERATORS];
    if (!isSet(HEARD_WITH[platform]) || known.some((each) => each.startsWith(`${platform}:`))) continue;
    const question = `Find out your own id on ${PLATFORMS[platform].name}, so that the bot knows who runs it?`;
    if (!(await ask.confirm(question, true))) continue;
    const operator = await operatorFrom(platform, config, ask, options).catch((error: unknown) => {
      if (!(error instanceof StartError)) throw error;
      return error;
    });
    if (operator instanceof StartError)
      ask.warn(`${operator.message} ${operator.remedy} Then run \`npm run setup\` again.`);
    else if (operator === null)
      ask.warn('No message with that word came. Set OPERATORS in .env later, or run `npm run setup` again.');
    else await keep({ OPERATORS: [...known, operator].join(',') });
  }
}

async function nameContact({ answers, ask }: SetupOptions, settings: Settings): Promise<void> {
  const { isSet, keepValid, accept } = settings;
  if (answers.OPERATOR_CONTACT !== undefined) return accept({ OPERATOR_CONTACT: answers.OPERATOR_CONTACT });
  if (ask === null || isSet('OPERATOR_CONTACT') || !isOnPlatform(settings)) return;
  await keepValid(async () => {
    const contact = await ask.text(
      'How do people reach you, such as “Mia, mia@example.com”? /help shows it (leave it empty to skip)',
    );
    return contact === null ? null : { OPERATOR_CONTACT: contact };
  });
}

/** With a token, the playground asks for it too; with a platform, the playground is off. */
async function openDashboard({ answers, ask }: SetupOptions, settings: Settings): Promise<void> {
  const { isSet, keep, accept } = settings;
  if (answers.ADMIN_TOKEN !== undefined) return accept({ ADMIN_TOKEN: answers.ADMIN_TOKEN });
  if (ask === null || isSet('ADMIN_TOKEN') || !isOnPlatform(settings)) return;
  if (!(await ask.confirm('Switch on the dashboard in the browser? A token for it is made.', true))) return;
  await keep({ ADMIN_TOKEN: randomBytes(24).toString('hex') });
  ask.say(
    `The dashboard will be at http://127.0.0.1:${settings.config().PORT}/admin. It asks for the ADMIN_TOKEN in .env.`,
  );
}

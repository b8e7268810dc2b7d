import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkEnvironment } from '../app/config/config.ts';
import { meansFor } from '../app/means.ts';
import { type CliCommand, UsageError } from './command.ts';
import type { Ask } from './setup/ask.ts';
import type { Answers } from './setup/settings.ts';

/** The flag for each answer. */
const FLAGS = {
  'openrouter-key': 'OPENROUTER_API_KEY',
  'openai-key': 'OPENAI_API_KEY',
  'discord-token': 'DISCORD_TOKEN',
  'slack-bot-token': 'SLACK_BOT_TOKEN',
  'slack-app-token': 'SLACK_APP_TOKEN',
  operators: 'OPERATORS',
  'operator-contact': 'OPERATOR_CONTACT',
  'admin-token': 'ADMIN_TOKEN',
} as const satisfies Record<string, keyof Answers>;

const ROOT = resolve(import.meta.dirname, '../..');

/**
 * Asks for Parley's settings and writes them to `.env`. With a flag for an answer, or without a terminal, it asks nothing.
 */
export const setup: CliCommand = {
  name: 'setup',
  summary: 'Ask for keys and tokens, check them, and write .env',
  usage: [
    `setup ${Object.keys(FLAGS)
      .map((flag) => `[--${flag} <…>]`)
      .join(' ')} [--replace] [--start]`,
  ],
  options: {
    ...Object.fromEntries(Object.keys(FLAGS).map((flag) => [flag, { type: 'string' as const }])),
    replace: { type: 'boolean' },
    start: { type: 'boolean' },
  },

  async runBare(args, { variables }) {
    args.words(0);
    const answers: Answers = Object.fromEntries(
      Object.entries(FLAGS).flatMap(([flag, name]) => {
        const value = args.text(flag);
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const isAsking = Object.keys(answers).length === 0 && process.stdin.isTTY && process.stdout.isTTY;
    if (!isAsking && Object.keys(answers).length === 0) {
      throw new UsageError('There is no terminal to ask on. Give the answers as flags.');
    }
    const ask: Ask | null = isAsking ? (await import('./setup/ask.ts')).createTerminalAsk(variables) : null;
    // As for the doctor.
    const [{ runSetup }, { commands }] = await Promise.all([
      import('./setup/run-setup.ts'),
      import('../commands/index.ts'),
    ]);
    const { written, checks } = await runSetup({
      ...meansFor(checkEnvironment(variables).config),
      answers,
      ask,
      replace: args.has('replace'),
      variables,
      envPath: resolve('.env'),
      example: await readFile(`${ROOT}/.env.example`, 'utf8'),
      commands,
    });
    const wrote = written.length === 0 ? 'Nothing was changed.' : `Wrote ${written.join(', ')} to .env.`;
    ask?.say(wrote);
    const isStarting = args.has('start') || (await ask?.confirm('Start Parley now?', true)) === true;
    if (isStarting) {
      const bot = spawn(process.execPath, [`${ROOT}/bin/start.cjs`], { stdio: 'inherit' });
      await once(bot, 'exit');
    }
    const next = isStarting ? 'Start again' : 'Start';
    return {
      text: [
        ...(ask === null ? [wrote] : []),
        `${next} with \`npm start\`; \`npm run doctor\` checks everything.`,
      ].join('\n'),
      json: { written, checks },
    };
  },
};

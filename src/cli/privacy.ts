import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { counted } from '../core/kit/text/text.ts';
import { StartError } from '../core/ports/adapter.ts';
import { type CliCommand, guildIn, personIn, UsageError } from './command.ts';
import { privacyOf } from './services.ts';

/** Writes everything stored about a person in a guild, as `/export` does, to a file or to standard output. */
export const exportData: CliCommand = {
  name: 'export',
  summary: 'Write what is stored about a person to a file',
  usage: ['export <guild> <user id> [<file>] [--force]'],
  options: { force: { type: 'boolean' } },

  async run(args, context) {
    const [given, person, file] = args.words(3);
    const guild = guildIn(given);
    const user = personIn(guild, person);
    const data = await privacyOf(context).dataOf(guild, user);
    const text = JSON.stringify(data, null, 2);
    if (file === undefined) return { text, json: data };
    const path = resolve(file);
    try {
      // People's questions are private.
      await writeFile(path, `${text}\n`, { flag: args.has('force') ? 'w' : 'wx', mode: 0o600 });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') {
        throw new StartError(`${path} already exists.`, 'Name another file, or overwrite it with --force.');
      }
      throw new StartError(`${path} cannot be written: ${message}.`, 'Name another file.');
    }
    const { turns, requests } = data;
    return {
      text: `Wrote ${counted(turns.length, 'question with its answer', 'questions with their answers')} and ${counted(requests.length, 'cost of a request', 'costs of requests')} to ${path}.`,
      json: { file: path, questions: turns.length, requests: requests.length },
    };
  },
};

/** Deletes a person's data in a guild, or a whole guild's, as `/forget` does. */
export const forget: CliCommand = {
  name: 'forget',
  summary: 'Delete what is stored about a person or a guild',
  usage: ['forget <guild> [<user id>] --yes'],
  options: { yes: { type: 'boolean' } },

  async run(args, context) {
    const [given, person] = args.words(2);
    const guild = guildIn(given);
    const user = person === undefined ? null : personIn(guild, person);
    const what =
      user === null
        ? `all conversations, choices and costs of ${guild}`
        : `all questions of ${user} in ${guild}, their answers and costs`;
    if (!args.has('yes')) throw new UsageError(`This deletes ${what} for good. Confirm with --yes.`);
    const privacy = privacyOf(context);
    const done = await (user === null
      ? privacy.forgetGuild(guild, context.by)
      : privacy.forgetPerson(guild, user));
    const { remembered, requests, unsettled } = done;
    const kept =
      unsettled === 0 ? '' : `  ${unsettled} more are not settled yet; their costs will still be recorded.`;
    const things =
      user === null
        ? counted(remembered, 'conversation', 'conversations')
        : counted(remembered, 'question with its answer', 'questions with their answers');
    return {
      text: `Deleted ${what}: ${things}, ${counted(requests, 'cost of a request', 'costs of requests')}.${kept}`,
      json: { guild, user, ...done },
    };
  },
};

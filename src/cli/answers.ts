import { counted } from '../core/kit/text/text.ts';
import { formatDuration } from '../core/kit/time/durations.ts';
import { type CliCommand, UsageError } from './command.ts';
import { answersOf } from './services.ts';
import { table } from './table.ts';

/** Shows the answers in progress in all processes. */
export const answers: CliCommand = {
  name: 'answers',
  summary: 'Show the answers in progress, in all processes',
  usage: ['answers'],

  async run(args, context) {
    args.words(0);
    const live = await answersOf(context).list();
    const names = await context.names.of(live.map(({ guild }) => guild));
    const rows = live.map(({ id, guild, userName, model, askedAtMs, chars, isEnding }) => [
      id,
      names.get(guild) ?? guild,
      userName,
      model ?? 'waiting for its turn',
      formatDuration(context.clock.now() - askedAtMs),
      chars,
      isEnding ? 'complete' : '',
    ]);
    const headings = ['Answer', 'Guild', 'Person', 'Model', 'For', 'Characters', ''];
    return { text: table(headings, rows, 'No answer is in progress.'), json: live };
  },
};

/** Stops answers, in whichever process writes them. */
export const stop: CliCommand = {
  name: 'stop',
  summary: 'Stop answers in progress',
  usage: ['stop <answer id>', 'stop --all'],
  options: { all: { type: 'boolean' } },

  async run(args, context) {
    const [id] = args.words(1);
    const isAll = args.has('all');
    if (isAll === (id !== undefined)) {
      throw new UsageError('Name an answer from the list of `answers`, or use --all.');
    }
    const underWay = answersOf(context);
    const ids = id === undefined ? (await underWay.list()).map((answer) => answer.id) : [id];
    const stopped: string[] = [];
    for (const each of ids) if (await underWay.stop(each, context.by)) stopped.push(each);
    return {
      text:
        stopped.length === 0
          ? 'That answer is not in progress.'
          : `${counted(stopped.length, 'answer stops', 'answers stop')} within a second. The part that has arrived stays, with a note.`,
      json: { stopped },
      failed: stopped.length === 0 && !isAll,
    };
  },
};

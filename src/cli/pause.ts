import { momentInWords } from '../core/access/until.ts';
import { createPauses, MAX_PAUSE_CHARS, PAUSE_KNOWN_MS } from '../core/chat/question/pause.ts';
import { counted } from '../core/kit/text/text.ts';
import { type CliCommand, type CliContext, UsageError } from './command.ts';
import { answersOf } from './services.ts';

/**
 * Stops taking new questions in every process, with a message for people. Answers in progress continue; `--wait` waits for
 * their end.
 */
export const pause: CliCommand = {
  name: 'pause',
  summary: 'Stop answering new questions, and tell people why',
  usage: ['pause [<text for people>] [--wait]'],
  options: { wait: { type: 'boolean' } },

  async run(args, context) {
    const [text = ''] = args.words(1);
    if (text.length > MAX_PAUSE_CHARS) {
      throw new UsageError(
        `The text may have at most ${counted(MAX_PAUSE_CHARS, 'character', 'characters')}.`,
      );
    }
    const pauses = createPauses(context.store, context.clock);
    await pauses.pause(text.trim(), context.by);
    const words = await pauses.words();
    if (args.has('wait')) await untilDrained(context);
    const under = args.has('wait') ? 'no answer is in progress any more' : 'answers in progress continue';
    return {
      text: `Paused in every process, within two seconds; ${under}. People who ask see:\n  ${words}\nTo resume, run \`parley resume\`.`,
      json: await pauses.read(),
    };
  },
};

/**
 * Resolves once all processes know of the pause and no answer is in progress. Prints the number of remaining answers on
 * standard error.
 */
async function untilDrained(context: CliContext): Promise<void> {
  const answers = answersOf(context);
  await context.clock.sleep(PAUSE_KNOWN_MS);
  for (let before = -1; ; ) {
    const { length } = await answers.list();
    if (length === 0) return;
    if (length !== before) process.stderr.write(`${counted(length, 'answer', 'answers')} in progress\n`);
    before = length;
    await context.clock.sleep(LOOK_EVERY_MS);
  }
}

const LOOK_EVERY_MS = 1_000;

/** Ends the pause. */
export const resume: CliCommand = {
  name: 'resume',
  summary: 'Answer questions again',
  usage: ['resume'],

  async run(args, { store, clock, by }) {
    args.words(0);
    const before = await createPauses(store, clock).resume(by);
    const since = before === null ? '' : `, paused since ${momentInWords(before.sinceMs)} by ${before.by}`;
    return {
      text: before === null ? 'The bot was not paused.' : `The bot takes questions again${since}.`,
      json: { resumed: before !== null, before },
    };
  },
};

import { momentInWords } from '../core/access/until.ts';
import { createPauses, MAX_PAUSE_CHARS } from '../core/chat/pause.ts';
import { counted } from '../core/kit/text.ts';
import { type CliCommand, refuseMore, UsageError } from './command.ts';

/** Lets no process take new questions; people are told why. Answers under way go on. */
export const pause: CliCommand = {
  name: 'pause',
  usage: ['pause [<text for people>]'],
  options: {},

  async run({ positionals: [text = '', ...extra] }, { store, clock, by }) {
    refuseMore(extra);
    if (text.length > MAX_PAUSE_CHARS) {
      throw new UsageError(`The text may have ${counted(MAX_PAUSE_CHARS, 'character', 'characters')}.`);
    }
    const pauses = createPauses(store, clock);
    await pauses.begin(text.trim(), by);
    const words = await pauses.words();
    return {
      text: `Paused within two seconds, in every process; answers under way go on. People who ask are told:\n  ${words}\n\`parley resume\` goes on.`,
      json: await pauses.read(),
    };
  },
};

/** Ends the pause. */
export const resume: CliCommand = {
  name: 'resume',
  usage: ['resume'],
  options: {},

  async run({ positionals }, { store, clock }) {
    refuseMore(positionals);
    const pauses = createPauses(store, clock);
    const before = await pauses.read();
    const resumed = await pauses.end();
    const since = before === null ? '' : `, paused since ${momentInWords(before.sinceMs)} by ${before.by}`;
    return {
      text: resumed ? `The bot takes questions again${since}.` : 'The bot was not paused.',
      json: { resumed, before },
    };
  },
};

import {
  failuresInWords,
  outcomeOf,
  percentile,
  readOutcomes,
} from '../core/conversations/outcome-report.ts';
import { createOutcomeLog, DIRECT_MESSAGES } from '../core/conversations/outcomes.ts';
import { formatDuration } from '../core/kit/time/durations.ts';
import { createDates, lastDays } from '../core/kit/time/periods.ts';
import { type CliCommand, guildOrAll } from './command.ts';
import { table } from './table.ts';
import { USAGE_DAYS } from './usage.ts';

/** Shows outcomes of answers: failures by cause, and the wait for the first text. */
export const outcomes: CliCommand = {
  name: 'outcomes',
  summary: 'Show what failed and why, and how long people waited',
  usage: [`outcomes [<guild>] [--days <number, ${USAGE_DAYS} by default>]`],
  options: { days: { type: 'string' } },

  async run(args, { config, store, names: guildNames, clock }) {
    const guild = guildOrAll(args.words(1)[0]);
    const timeZone = config.TIME_ZONE;
    const [day = ''] = lastDays(createDates(timeZone)(clock.now()), args.days(USAGE_DAYS));
    const rows = await readOutcomes(createOutcomeLog(store.records), { guild, day, timeZone });
    const names = await guildNames.of(rows.map((row) => row.guild));
    const listed = (heading: string, keyOf: (row: (typeof rows)[number]) => string) => {
      const groups = [...Map.groupBy(rows, keyOf)].map(([key, some]) => ({ key, sum: outcomeOf(some) }));
      const lines = groups
        .toSorted((a, b) => b.sum.answers - a.sum.answers)
        .map(({ key, sum }) => [
          key,
          sum.answers,
          failuresInWords(sum),
          timeInWords(percentile(sum.firstTextMs, 50)),
          timeInWords(percentile(sum.firstTextMs, 95)),
        ]);
      return table([heading, 'Answers', 'Failed', 'First text, median', '95 of 100'], lines);
    };
    return {
      text:
        rows.length === 0
          ? `No answers since ${day}.`
          : [
              listed('Model', ({ model }) => model),
              '',
              listed('Guild', ({ guild }) =>
                guild === DIRECT_MESSAGES ? 'direct messages' : (names.get(guild) ?? guild),
              ),
            ].join('\n'),
      json: rows,
    };
  },
};

function timeInWords(ms: number | null): string {
  return ms === null ? '-' : formatDuration(ms);
}

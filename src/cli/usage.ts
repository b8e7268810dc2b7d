import { usdOrNothing } from '../core/ledger/limit-words.ts';
import {
  createDates,
  groupsOf,
  lastDays,
  sumInWords,
  sumOf,
  type UsageRow,
  usageCsv,
  usageSince,
} from '../core/ledger/report.ts';
import { createUsageLog } from '../core/ledger/usage.ts';
import type { OpenReservation } from '../core/ports/store.ts';
import { type CliCommand, guildIn, textIn, UsageError } from './command.ts';

const DAYS = 30;

/** Shows what was used in all guilds, or in one: by guild, model and person; and what is not settled. */
export const usage: CliCommand = {
  name: 'usage',
  usage: [`usage [<guild>] [--days <number, ${DAYS} by default>] [--csv]`],
  options: { days: { type: 'string' }, csv: { type: 'boolean' } },

  async run({ positionals: [guild, extra], values }, { config, store, clock }) {
    if (extra !== undefined) throw new UsageError(`${JSON.stringify(extra)} is too much.`);
    const days = textIn(values, 'days') ?? String(DAYS);
    if (!/^[1-9]\d{0,3}$/.test(days)) throw new UsageError('--days must be a whole number from 1 to 9999.');
    const dateOf = createDates(config.TIME_ZONE);
    const [day = ''] = lastDays(dateOf(clock.now()), Number(days));
    const of = guild === undefined ? {} : { of: { guild: guildIn(guild) } };
    const rows = await usageSince(createUsageLog(store.records), { ...of, day }, dateOf);
    if (values['csv'] === true) {
      return { text: usageCsv(rows, Number.POSITIVE_INFINITY).csv.trimEnd(), json: rows };
    }
    const left = (await store.ledger.abandoned(clock.now())).filter(
      ({ entry }) => guild === undefined || entry.guild === guild,
    );
    const text = [
      `Since ${day}: ${sumInWords(sumOf(rows))}`,
      ...(left.length > 0 ? [unsettledInWords(left)] : []),
      ...listed('guild', rows, (row) => row.guild),
      ...listed('model', rows, (row) => row.model),
      ...listed('person', rows, (row) => `${row.guild} ${row.user}`),
    ].join('\n');
    return { text, json: rows };
  },
};

/** What dead processes left counts at its worst price until somebody knows a better one. */
function unsettledInWords(left: readonly OpenReservation[]): string {
  const nanoUsd = left.reduce((sum, { reserved }) => sum + reserved.nanoUsd, 0);
  const requests = `${left.length} ${left.length === 1 ? 'request' : 'requests'}`;
  return `Not settled, left by processes that died: ${requests}, for which ${usdOrNothing(nanoUsd)} stays set aside`;
}

function listed(what: string, rows: readonly UsageRow[], keyOf: (row: UsageRow) => string): string[] {
  const lines = groupsOf(rows, keyOf).map(({ key, sum }) => `  ${key}: ${sumInWords(sum)}`);
  return lines.length === 0 ? [] : [`By ${what}:`, ...lines];
}

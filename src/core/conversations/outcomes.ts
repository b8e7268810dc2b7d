import type { Logger } from 'pino';
import { z } from 'zod';
import { createRecordLog, type LogQuery } from '../coordination/record-log.ts';
import { orLog } from '../kit/or-log.ts';
import type { Clock } from '../kit/time/clock.ts';
import { type Background, repeat } from '../kit/time/repeat.ts';
import { type GuildId, isGuildOfOne } from '../ports/actor.ts';
import type { RecordStore } from '../ports/store.ts';
import type { AnswerFacts } from '../ports/telemetry.ts';

const KIND = 'outcomes';

const countsSchema = z.object({
  /** Catalogue id. */
  model: z.string(),
  provider: z.string(),
  answers: z.int().nonnegative(),
  /** Failed answers by cause: `ProviderError.code`, or `internal`. */
  failures: z.record(z.string(), z.int().positive()),
  /** Times from the request to the first text, for answers with text; at most `MAX_TIMES`. */
  firstTextMs: z.array(z.int().nonnegative()),
});

const recordSchema = z.object({ counts: z.array(countsSchema) });

/** Outcomes of a guild's answers by one model, in some seconds of one process. Contains nothing about the askers. */
export interface Outcomes extends z.infer<typeof countsSchema> {
  readonly guild: GuildId;
  readonly atMs: number;
}

export type OutcomeLog = ReturnType<typeof createOutcomeLog>;

/** Outcomes of answers, kept for statistics over restarts and processes. */
export function createOutcomeLog(records: RecordStore) {
  const log = createRecordLog(records, KIND, ({ guild, atMs, data }) =>
    recordSchema.parse(data).counts.map((counts) => ({ guild, atMs, ...counts })),
  );
  return {
    ...log,
    append: (guild: GuildId, atMs: number, counts: readonly z.infer<typeof countsSchema>[]) =>
      records.append({ kind: KIND, guild, user: '', atMs, data: recordSchema.parse({ counts }) }),
    async *query(query: LogQuery): AsyncGenerator<Outcomes> {
      for await (const outcomes of log.query(query)) yield* outcomes;
    },
  };
}

/** The interval between writes: a write per answer would cost as much as the answer itself. A crash loses this much. */
const WRITE_EVERY_MS = 30_000;
/** Per guild and model in that time: enough for a median. */
const MAX_TIMES = 200;
/** Per guild and model, while the store accepts no writes. */
const MAX_GROUPS = 5_000;

/** All direct messages together, because separate ones would reveal when one person asked. */
export const DIRECT_MESSAGES: GuildId = 'discord:dm:0';

interface Group {
  readonly guild: GuildId;
  readonly model: string;
  readonly provider: string;
  answers: number;
  readonly failures: Map<string, number>;
  readonly firstTextMs: number[];
}

/** Counts outcomes and writes the counts periodically. Counts that the store does not accept are written the next time. */
export function startCounting(
  outcomes: Pick<OutcomeLog, 'append'>,
  clock: Clock,
  log: Logger,
): Background & { note(facts: AnswerFacts): void } {
  const groups = new Map<string, Group>();

  async function write(): Promise<void> {
    const byGuild = Map.groupBy(groups.values(), ({ guild }) => guild);
    for (const [guild, members] of byGuild) {
      for (const { model, provider } of members) groups.delete(keyOf({ guild, model, provider }));
      const counts = members.map(({ guild: _, failures, ...rest }) => ({
        ...rest,
        failures: Object.fromEntries(failures),
      }));
      try {
        await outcomes.append(guild, clock.now(), counts);
      } catch (error) {
        for (const member of members) merge(member);
        throw error;
      }
    }
  }

  function merge(more: Group): void {
    const key = keyOf(more);
    const group = groups.get(key);
    if (group === undefined) {
      if (groups.size < MAX_GROUPS) groups.set(key, more);
      return;
    }
    group.answers += more.answers;
    for (const [cause, count] of more.failures) {
      group.failures.set(cause, (group.failures.get(cause) ?? 0) + count);
    }
    group.firstTextMs.push(...more.firstTextMs.slice(0, MAX_TIMES - group.firstTextMs.length));
  }

  const writing = repeat('writing the outcomes of answers', WRITE_EVERY_MS, write, { clock, log });
  return {
    note({ guild, model, provider, failure, firstTextMs }) {
      merge({
        guild: isGuildOfOne(guild) ? DIRECT_MESSAGES : guild,
        model,
        provider,
        answers: 1,
        failures: new Map(failure === null ? [] : [[failure, 1]]),
        firstTextMs: firstTextMs === null ? [] : [Math.round(firstTextMs)],
      });
    },
    async stop() {
      await writing.stop();
      await write().catch(orLog(log, 'warn', {}, 'could not write the outcomes of the last answers'));
    },
  };
}

function keyOf({ guild, model, provider }: Pick<Group, 'guild' | 'model' | 'provider'>): string {
  return JSON.stringify([guild, model, provider]);
}

import type { AuditLog } from '../access/audit.ts';
import type { AnswerRecords } from '../conversations/answer-records.ts';
import { ifReadable } from '../coordination/collection.ts';
import { writtenSchema } from '../coordination/journal-entry.ts';
import { inItsPlace, type Stops } from '../coordination/stops.ts';
import { oneLine } from '../kit/text/text.ts';
import type { Clock } from '../kit/time/clock.ts';
import type { GuildId } from '../ports/actor.ts';
import type { ClaimStore } from '../ports/store.ts';

/** An answer in progress in some process, from its latest journal: up to 3 s old. */
export interface AnswerUnderWay {
  readonly id: string;
  readonly guild: GuildId;
  readonly user: string;
  readonly userName: string;
  /** Catalogue id; null while the question waits. */
  readonly model: string | null;
  readonly askedAtMs: number;
  /** Number of characters that have arrived. */
  readonly chars: number;
  /** Whether everything has arrived and the platform still has to show the rest. */
  readonly isEnding: boolean;
}

const MAX_LISTED = 500;
const MAX_NAME_CHARS = 100;
/** The name in the note under the answer. */
const OPERATOR = { kind: 'person', user: 'operator', name: 'the operator' } as const;

export type AnswersUnderWay = ReturnType<typeof createAnswersUnderWay>;

/** The answers in progress in all processes, for operators. Lists at most 500 answers. */
export function createAnswersUnderWay({
  claims,
  answers,
  stops,
  audit,
  clock,
}: {
  readonly claims: Pick<ClaimStore, 'journals'>;
  readonly answers: Pick<AnswerRecords, 'get' | 'to'>;
  readonly stops: Pick<Stops, 'send'>;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly clock: Clock;
}) {
  /** Oldest first, at most 500. */
  async function list(): Promise<readonly AnswerUnderWay[]> {
    const found = await claims.journals(clock.now(), MAX_LISTED);
    return found
      .flatMap(({ journal }) => {
        const read = writtenSchema.safeParse(journal);
        if (!read.success || read.data.answer === null) return [];
        const { answer, asked, platform } = read.data;
        const { id, model, askedAtMs, text, ending } = answer;
        return [
          {
            id,
            // Processes of older versions do not store it.
            guild: (asked?.guild ?? `${platform}:`) as GuildId,
            user: asked?.user ?? '',
            userName: asked?.name ?? 'somebody',
            model,
            askedAtMs,
            chars: text.length,
            isEnding: ending !== null,
          },
        ];
      })
      .toSorted((a, b) => a.askedAtMs - b.askedAtMs);
  }

  return {
    list,
    /**
     * Stops an answer in any process within about a second, and the one that takes its place if its question is edited at this moment; the
     * part that arrived stays, with a note. False if neither is in progress.
     */
    async stop(id: string, by: string): Promise<boolean> {
      // Stopping must work for an answer whose record cannot be read.
      const record = await ifReadable(answers.get(id), null);
      const target = inItsPlace(record ?? { id });
      const newest =
        record?.message === undefined ? null : await ifReadable(answers.to(record.message), null);
      const after = newest?.inPlaceOf === target.id ? newest.id : id;
      const answer = (await list()).find((each) => each.id === id || each.id === after);
      if (answer === undefined) return false;
      await stops.send(target, OPERATOR);
      const { guild, userName } = answer;
      const from = `the answer to ${oneLine(userName, MAX_NAME_CHARS)}`;
      await audit.append({ guild, by, atMs: clock.now(), action: 'answer.stop', from, to: null, reason: '' });
      return true;
    },
  };
}

import { type AnswerRecord, turnOf } from '../../conversations/answer-records.ts';
import type { ChatRecords } from '../../conversations/chat-records.ts';
import type { Seen } from '../../coordination/collection.ts';
import type { Stops } from '../../coordination/stops.ts';
import { windowVocabulary } from '../../prompt/prompt.ts';
import { mostTokens } from '../../tokens/most-tokens.ts';
import type { Asked } from '../question/ask-model.ts';
import type { Attempt } from '../question/attempt.ts';
import { type Job, recordOf } from '../question/job.ts';
import { textInHistory } from '../words/answer-text.ts';
import type { Written } from './writing.ts';

/**
 * Stores an answer in its conversation, unless this process has lost its event or somebody forgot the conversation. Resolves
 * to the answer's record as it stood then, if that was read.
 */
export type KeepTurn = (
  job: Job,
  attempt: Attempt,
  asked: Asked,
  written: Written,
) => Promise<Seen<AnswerRecord> | undefined>;

export function createTurnKeeper(
  { answers, conversations }: Pick<ChatRecords, 'answers' | 'conversations'>,
  stops: Pick<Stops, 'look'>,
): KeepTurn {
  return async (job, { id, askedAtMs, entry, isForgotten }, { prepared, requested }, written) => {
    const { draft, status, bill } = written;
    if (entry.lost.aborted) return undefined;
    if (draft.reasoning !== '') await answers.amend(id, { reasoning: draft.reasoning });
    const answer = textInHistory(draft.text, draft.images.length);
    if (answer === '') return undefined;
    const { questionTokens, request } = requested.request.current;
    const { model, payer } = request.access;
    const turn = turnOf(
      { ...recordOf(job, id), brought: prepared.brought },
      {
        answer,
        model: model.id,
        status,
        askedAtMs,
        ...(bill && { bill: { costNanoUsd: bill.costNanoUsd, payer } }),
        ...(questionTokens !== null && {
          tokens: questionTokens + (await mostTokens(answer, windowVocabulary(model))),
        }),
      },
    );
    if (entry.lost.aborted || isForgotten()) return undefined;
    let record: Seen<AnswerRecord> | undefined;
    const isWanted = async () => {
      const looking = answers.look(id).catch(() => undefined);
      [record] = await Promise.all([looking, stops.look()]);
      return !isForgotten();
    };
    await conversations.record(job.conversation, turn, isWanted, prepared.seen);
    return record;
  };
}

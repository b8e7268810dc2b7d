import { type AnswerRecord, turnOf } from '../../conversations/answer-records.ts';
import type { Seen } from '../../coordination/collection.ts';
import { windowVocabulary } from '../../prompt/prompt.ts';
import { mostTokens } from '../../tokens/most-tokens.ts';
import type { Asked } from '../question/ask-model.ts';
import { recordOf } from '../question/job.ts';
import { textInHistory } from '../words/answer-text.ts';
import type { AnswerParts } from './parts.ts';
import type { Written } from './writing.ts';

/**
 * Stores an answer in its conversation, unless this process has lost its event or somebody forgot the conversation. Resolves
 * to the answer's record as it stood then, if that was read.
 */
export async function keepTurn(
  { records: { answers, conversations }, coordination: { stops } }: AnswerParts,
  { attempt, prepared, answerer }: Asked,
  written: Written,
): Promise<Seen<AnswerRecord> | undefined> {
  const { job, id, askedAtMs, entry, isForgotten } = attempt;
  const { draft, status, bill } = written;
  const answer = textInHistory(draft.text, draft.images.length);
  const { questionTokens, request } = answerer.current;
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
  if (draft.reasoning !== '') await answers.amend(id, { reasoning: draft.reasoning });
  if (answer === '' || entry.lost.aborted) return undefined;
  let record: Seen<AnswerRecord> | undefined;
  const isWanted = async () => {
    const looking = answers.look(id).catch(() => undefined);
    [record] = await Promise.all([looking, stops.look()]);
    return !isForgotten();
  };
  await conversations.record(job.conversation, turn, isWanted, { seen: prepared.seen });
  return record;
}

import { explainRefusal } from '../../access/access.ts';
import { allowanceFor, effortRemark } from '../../access/allowance.ts';
import type { Memory } from '../../conversations/conversation.ts';
import { userMessage } from '../../conversations/user-message.ts';
import type { NotOpened, Opened } from '../../model-choice/fallbacks.ts';
import type { Model } from '../../ports/model.ts';
import { turnsToKeep } from '../../prompt/compaction.ts';
import { type PromptParts, promptFor, windowBudget } from '../../prompt/prompt.ts';
import { mostTokensOfAny } from '../../tokens/most-tokens.ts';
import type { Attempt, Job, QuestionRunnerOptions } from './job.ts';
import type { Prepared } from './preparation.ts';

/** Shown above an answer for which a summary was made. */
const SUMMARISED = 'I summarised the older part of this conversation: `/context` shows it.';

/** A question on its way to a model, or to another one if that fails. */
export interface Opening {
  /** As `FallbackQuestion.open`. */
  open(model: Model, fallbacks: number): Promise<Opened | NotOpened>;
  /** Whether a model can handle the question at all. */
  suits(model: Model): boolean;
  /** Earlier turns for the prompt, as they were last sent. */
  readonly memory: Memory;
  /** Remarks on the prompt for the asker. */
  readonly remarks: readonly string[];
}

/** @param days formats the day that a prompt names */
export function createOpening(
  options: QuestionRunnerOptions,
  days: Intl.DateTimeFormat,
  { question, asker, conversation, isConfirmed = false }: Job,
  { id, signal }: Attempt,
  prepared: Prepared,
): Opening {
  const { models, clock } = options;
  const { actor, place } = question;
  const { here, looked, words, brought, images } = prepared;
  const pictures = [...images.values()].flat().length;
  const aboveNanoUsd = brought.length > 0 && !isConfirmed ? options.confirmAboveNanoUsd : null;
  // A summary of a thread needs no thinking.
  const chosenEffort = question.isAboutThread ? null : here.effort;
  const effort = question.effort ?? chosenEffort?.effort ?? null;
  let { memory } = prepared;
  let isCompacted = false;
  const remarks: string[] = [];

  async function promptWith(parts: Omit<PromptParts, keyof Memory>) {
    const prompt = await promptFor({ ...parts, ...memory }, signal);
    const kept = prompt.ok && here.automatic.summaries ? turnsToKeep(memory.turns, prompt) : null;
    if (kept === null || isCompacted) return prompt;
    isCompacted = true;
    const budgetTokens = windowBudget(parts.model, parts.maxOutputTokens);
    const shorter = await options.compact({ conversation, memory, kept, budgetTokens, actor, place }, signal);
    if (shorter === null) return prompt;
    memory = shorter;
    remarks.push(SUMMARISED);
    return promptFor({ ...parts, ...memory }, signal);
  }

  return {
    get memory() {
      return memory;
    },
    remarks,
    suits: (other) => pictures === 0 || other.input.includes('image'),
    async open(model, fallbacks) {
      const access = looked.decide(model.id);
      if (!access.ok) return { ok: false, text: explainRefusal(access) };
      const { maxOutputTokens } = allowanceFor(access, effort);
      const prompt = await promptWith({
        guild: place.guild,
        model,
        maxOutputTokens,
        images,
        asker,
        question: { text: words, brought },
        day: days.format(clock.now()),
        instructions: here.instructions,
        channel: place.channelName ?? 'this channel',
      });
      if (!prompt.ok) return { ...prompt, isTooLong: true };
      const temperature = here.persona?.persona.temperature;
      const request = await models.openRequest({
        id: fallbacks === 0 ? id : `${id}.${fallbacks}`,
        guild: place.guild,
        user: actor.user,
        ...(actor.isOutsider && { isOutsider: true }),
        groups: actor.groups,
        userName: actor.name,
        model: model.id,
        messages: prompt.messages,
        maxOutputTokens,
        effort,
        webSearch: question.webSearch || here.webSearch,
        conversation,
        looked,
        ...(aboveNanoUsd !== null && {
          brought: {
            bytes: mostTokensOfAny(userMessage({ text: '', brought })),
            images: pictures,
            aboveNanoUsd,
          },
        }),
        ...(temperature !== undefined && { temperature }),
      });
      if (!request.ok) return request;
      const remark = question.effort === undefined ? null : effortRemark(request.access, question.effort);
      return { ok: true, request, questionTokens: prompt.questionTokens, remark };
    },
  };
}

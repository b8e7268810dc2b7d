import { explainRefusal } from '../../access/access.ts';
import { allowanceFor, effortRemark } from '../../access/allowance.ts';
import type { Turn } from '../../conversations/conversation.ts';
import { userMessage } from '../../conversations/user-message.ts';
import type { Clock } from '../../kit/time/clock.ts';
import { isoDates } from '../../kit/time/periods.ts';
import type { ModelRequests } from '../../ledger/model-requests.ts';
import type { Answerer, NotOpened, OpenAnswerer, OpenedRequest } from '../../model-choice/fallbacks.ts';
import { platformOf } from '../../ports/actor.ts';
import type { Model } from '../../ports/model.ts';
import { isFromThread, wordsIn } from '../../ports/parts.ts';
import { LOCAL_PLATFORM } from '../../ports/platforms.ts';
import { type Compact, Prompting } from '../../prompt/compaction.ts';
import { mostTokensOfAny } from '../../tokens/most-tokens.ts';
import type { Attempt } from './attempt.ts';
import type { Question } from './job.ts';
import type { Prepared } from './preparation.ts';

/** An admitted request with the question's prompt. */
export interface Requested {
  readonly ok: true;
  readonly answerer: Answerer;
  /** Remarks for the asker on what was sent. */
  readonly remarks: readonly string[];
  /** As `Moment.isInLongThread`. */
  readonly isInLongThread: boolean;
}

/**
 * Builds the prompt and opens the request, by another model if the chosen one fails. Rejects with the attempt's reason if it
 * is stopped.
 */
export type RequestAnswer = (attempt: Attempt, prepared: Prepared) => Promise<Requested | NotOpened>;

export interface RequestOptions {
  readonly models: Pick<ModelRequests, 'openRequest'>;
  readonly openAnswerer: OpenAnswerer;
  readonly compact: Compact;
  /** The highest cost in nano-dollars of a question with attachments that needs no confirmation; null for any cost. */
  readonly confirmAboveNanoUsd: number | null;
  /** The notice under answers of the demo; null if models answer. */
  readonly demoNotice: string | null;
  /** IANA name of the time zone of the day that a prompt names. */
  readonly timeZone: string;
  readonly clock: Clock;
}

/** Shown above an answer for which a summary was made. */
const SUMMARISED = 'I summarised the older part of this conversation: `/context` shows it.';

export function createRequesting(options: RequestOptions): RequestAnswer {
  const { models, clock } = options;
  const days = isoDates(options.timeZone);

  return async ({ job, id, signal }, prepared) => {
    const { question, asker, conversation, isConfirmed = false } = job;
    const { actor, place } = question;
    const { here, looked, memory, brought, images } = prepared;
    const compact = here.automatic.summaries ? options.compact : null;
    const prompting = new Prompting(compact, { conversation, memory, actor, place });
    const pictures = [...images.values()].flat().length;
    const aboveNanoUsd = brought.length > 0 && !isConfirmed ? options.confirmAboveNanoUsd : null;
    // A summary of a thread needs no thinking.
    const chosenEffort = question.isAboutThread ? null : here.effort;
    const effort = question.effort ?? chosenEffort?.effort ?? null;
    const temperature = here.persona?.persona.temperature;

    async function openRequest(model: Model, fallbacks: number): Promise<OpenedRequest | NotOpened> {
      const access = looked.decide(model.id);
      if (!access.ok) return { ok: false, text: explainRefusal(access) };
      const { maxOutputTokens } = allowanceFor(access, effort);
      const prompt = await prompting.promptFor(
        {
          guild: place.guild,
          model,
          maxOutputTokens,
          images,
          asker,
          question: { text: wordsIn(question.parts), brought },
          day: days.format(clock.now()),
          instructions: here.instructions,
          channel: place.channelName ?? 'this channel',
        },
        signal,
      );
      if (!prompt.ok) return { ...prompt, isTooLong: true };
      const request = await models.openRequest({
        id: fallbacks === 0 ? id : `${id}.${fallbacks}`,
        actor,
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
    }

    const answerer = await options.openAnswerer({
      place,
      model: prepared.model,
      chosen: here.fallback,
      suits: ({ input }) => pictures === 0 || input.includes('image'),
      openRequest,
    });
    if (!answerer.ok) return answerer;
    const turns = [...prompting.memory.turns, prepared];
    return {
      ok: true,
      answerer,
      remarks: [
        ...(prompting.isSummarised ? [SUMMARISED] : []),
        ...remarksOn(question, answerer, prepared.model, options.demoNotice),
      ],
      isInLongThread: isInLongThread(question, here.readsContext, turns),
    };
  };
}

/** Remarks for the asker on a request that was admitted. */
function remarksOn(
  { place, webSearch }: Question,
  { current }: Answerer,
  asked: Model,
  demoNotice: string | null,
): string[] {
  const { access, searchesWeb } = current.request;
  const isDemo = platformOf(place.guild) !== LOCAL_PLATFORM && access.payer === 'operator';
  return [
    isDemo ? demoNotice : null,
    webSearch && !searchesWeb
      ? `${asked.name} cannot search the web here. Pick another model for that.`
      : null,
  ].filter((line) => line !== null);
}

/** The number of messages from which on summarising a thread helps. */
const LONG_THREAD = 10;

/**
 * Whether the answer gets a button to summarise its thread.
 * @param turns earlier turns, then the parts of this question
 */
function isInLongThread(
  { surface, readThread, isAboutThread = false }: Question,
  readsThreads: boolean,
  turns: readonly Pick<Turn, 'brought'>[],
): boolean {
  if (surface.isPrivate || isAboutThread || !readsThreads) return false;
  const quoted = turns.flatMap(({ brought = [] }) => brought).filter(isFromThread).length;
  const asked = readThread === undefined ? 0 : 2 * (turns.length - 1);
  return quoted + asked >= LONG_THREAD;
}

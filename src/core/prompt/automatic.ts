import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Clock } from '../kit/time/clock.ts';
import { Deadline } from '../kit/time/deadline.ts';
import type { ModelRequests } from '../ledger/model-requests.ts';
import { worstCostNanoUsd } from '../ledger/pricing.ts';
import { type Actor, platformOf } from '../ports/actor.ts';
import type { Automatic } from '../ports/automatic.ts';
import type { Place } from '../ports/events.ts';
import type { Model } from '../ports/model.ts';
import type { ChatMessage } from '../ports/provider.ts';
import { textOfMessage } from '../ports/provider.ts';
import { mostTokens, mostTokensOfAny } from '../tokens/most-tokens.ts';
import { WINDOW_SHARE } from './prompt.ts';

/** A task that asks a model in somebody's place. */
export interface Errand {
  readonly kind: Automatic;
  /** The person whose question made it useful; their limits on money apply. */
  readonly actor: Actor;
  readonly place: Place;
  readonly conversation: string;
  readonly messages: readonly ChatMessage[];
  readonly maxOutputTokens: number;
  /** Whether a free model may do it. Those are often slow, or allow few requests a day. */
  readonly mayBeFree: boolean;
}

/**
 * Asks the cheapest allowed model with a known price that does not reason. Resolves to its answer, or to null if there is
 * none for any reason, because nobody should get an error for something they did not request.
 */
export type RunErrand = (errand: Errand, signal: AbortSignal) => Promise<string | null>;

/** A summary of a long conversation takes about 20 s. */
const TIME_LIMIT_MS = 45_000;
/** Up to this length, the model is chosen by bytes, because a vocabulary takes 4 MB from its first use on. */
const SHORT_CHARS = 8_000;

/** Each task has 45 s. */
export function createErrands(options: {
  readonly catalogue: Catalogue;
  readonly models: Pick<ModelRequests, 'look' | 'openRequest'>;
  readonly clock: Clock;
  readonly log: Logger;
}): RunErrand {
  const { catalogue, models, clock, log } = options;

  async function cheapest(
    { actor, messages, maxOutputTokens, mayBeFree }: Errand,
    signal: AbortSignal,
  ): Promise<Model | null> {
    const text = messages.map(textOfMessage).join('\n');
    const promptTokens =
      text.length <= SHORT_CHARS ? mostTokensOfAny(text) : await mostTokens(text, '200k', signal);
    const bounds = { promptTokens, outputTokens: maxOutputTokens, webSearches: 0, images: 0 };
    const listed = catalogue.list(platformOf(actor.guild)).filter(({ thinks }) => !thinks);
    const { decide } = await models.look(actor);
    const able = listed.flatMap(({ id }) => {
      const decision = decide(id);
      if (!decision.ok) return [];
      const { model, route } = decision;
      const { promptPicoUsd, completionPicoUsd } = route.prices;
      if (promptPicoUsd === null || completionPicoUsd === null) return [];
      if (!mayBeFree && promptPicoUsd + completionPicoUsd === 0) return [];
      if ((model.maxOutputTokens ?? maxOutputTokens) < maxOutputTokens) return [];
      if (promptTokens > model.contextTokens * WINDOW_SHARE - maxOutputTokens) return [];
      return [{ model, costNanoUsd: worstCostNanoUsd(route, bounds, catalogue.dearest) }];
    });
    const [best] = able.toSorted((a, b) => a.costNanoUsd - b.costNanoUsd);
    return best?.model ?? null;
  }

  return async (errand, outer) => {
    const { kind, actor, place, conversation, messages, maxOutputTokens } = errand;
    const model = await cheapest(errand, outer);
    if (model === null) return null;
    const request = await models.openRequest({
      id: randomUUID(),
      kind,
      actor,
      model: model.id,
      messages,
      maxOutputTokens,
      webSearch: false,
      conversation,
    });
    if (!request.ok) {
      log.info({ kind, guild: place.guild, reason: request.text }, 'skipped an automatic task');
      return null;
    }
    const limit = new Deadline(clock, TIME_LIMIT_MS, outer, () => new Error(`${kind}: no answer in time`));
    try {
      let text = '';
      let isWhole = false;
      await request.stream((event) => {
        if (event.type === 'text') text += event.delta;
        if (event.type === 'done') isWhole = event.finish === 'stop' || event.finish === 'unknown';
      }, limit.signal);
      return (isWhole && text.trim()) || null;
    } catch (error) {
      outer.throwIfAborted();
      log.warn({ err: error, kind, guild: place.guild, model: model.id }, 'an automatic task failed');
      return null;
    } finally {
      limit.stop();
      await request.settle();
    }
  };
}

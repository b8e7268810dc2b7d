import { allowanceFor } from '../access/allowance.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { type Conversation, memoryBefore } from '../conversations/conversation.ts';
import type { Settings, SettingsHere } from '../conversations/settings.ts';
import type { Clock } from '../kit/time/clock.ts';
import { NEVER } from '../kit/time/over.ts';
import type { ModelRequests } from '../ledger/model-requests.ts';
import { worstCostNanoUsd } from '../ledger/pricing.ts';
import type { ModelChooser } from '../model-choice/chooser.ts';
import type { Actor } from '../ports/actor.ts';
import type { Effort } from '../ports/effort.ts';
import type { Place } from '../ports/events.ts';
import type { Model } from '../ports/model.ts';
import { filesIn } from '../ports/parts.ts';
import { textOfMessage } from '../ports/provider.ts';
import { mostTokens } from '../tokens/most-tokens.ts';
import { promptFor, windowBudget, windowVocabulary } from './prompt.ts';

/** The next prompt of a place, as a model will see it. */
export interface Preview extends Pick<SettingsHere, 'instructions' | 'persona' | 'readsContext'> {
  readonly model: Model;
  /** The effort in use, and the chosen one; null if the model decides, or nobody chose. */
  readonly effort: Effort | null;
  readonly wish: Effort | null;
  readonly takesEffort: boolean;
  /** The summary of older turns; null for none. */
  readonly summary: string | null;
  /** The number of turns that are sent in full, and of those that no longer fit. */
  readonly turns: number;
  readonly leftOut: number;
  /** Names of the files in these turns. */
  readonly files: readonly string[];
  /** Tokens of all of it without pictures, and the model's room beside its answer. */
  readonly tokens: number;
  readonly budgetTokens: number;
  /** The cost of what is sent, and the cost with the longest answer. */
  readonly sentNanoUsd: number;
  readonly mostNanoUsd: number;
  readonly payer: 'operator' | 'guild';
}

/** Null if no model is available at the place. */
export type LookAhead = (at: {
  readonly actor: Actor;
  readonly place: Place;
  readonly conversation: Conversation | null;
}) => Promise<Preview | null>;

export function createLookAhead(options: {
  readonly catalogue: Pick<Catalogue, 'dearest'>;
  readonly models: Pick<ModelRequests, 'look'>;
  readonly choose: ModelChooser;
  readonly settings: Pick<Settings, 'at'>;
  readonly clock: Clock;
}): LookAhead {
  const { catalogue, models, choose, settings, clock } = options;

  return async ({ actor, place, conversation }) => {
    const here = await settings.at({ place, conversation });
    const chosen = await choose({ whose: actor, setting: here.model, asked: null });
    const access = chosen.ok ? (await models.look(actor)).decide(chosen.model.id) : null;
    if (!access?.ok) return null;
    const { model, route, payer } = access;
    const wish = here.effort?.effort ?? null;
    const { effort, maxOutputTokens } = allowanceFor(access, wish);
    const memory = conversation === null ? { summary: null, turns: [] } : memoryBefore(conversation, '');
    const prompt = await promptFor(
      {
        guild: place.guild,
        model,
        maxOutputTokens,
        ...memory,
        asker: actor,
        question: { text: '' },
        day: new Date(clock.now()).toISOString().slice(0, 10),
        instructions: here.instructions,
        channel: place.channelName ?? 'this channel',
      },
      NEVER,
    );
    const { messages, leftOut } = prompt.ok ? prompt : { messages: [], leftOut: memory.turns.length };
    const text = messages.map(textOfMessage).join('\n');
    const tokens = await mostTokens(text, windowVocabulary(model), NEVER);
    const bounds = { promptTokens: tokens, webSearches: 0, images: 0 };
    const cost = (outputTokens: number) =>
      worstCostNanoUsd(route, { ...bounds, outputTokens }, catalogue.dearest);
    const sent = memory.turns.slice(leftOut);
    return {
      model,
      effort,
      wish,
      takesEffort: route.efforts.length > 0,
      summary: memory.summary?.text ?? null,
      turns: sent.length,
      leftOut,
      files: sent.flatMap(({ brought = [] }) => filesIn(brought).map(({ name }) => name)),
      tokens,
      budgetTokens: windowBudget(model, maxOutputTokens),
      sentNanoUsd: cost(0),
      mostNanoUsd: cost(maxOutputTokens),
      payer,
      instructions: here.instructions,
      persona: here.persona,
      readsContext: here.readsContext,
    };
  };
}

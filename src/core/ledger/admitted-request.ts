import type { AccessGranted } from '../access/access.ts';
import type { KeyInUse } from '../access/own-keys.ts';
import type { FirmPrices } from '../catalogue/dearest-prices.ts';
import { grown } from '../kit/text/text.ts';
import { OVER } from '../kit/time/over.ts';
import type { Effort } from '../ports/effort.ts';
import {
  type ChatEvent,
  type ChatProvider,
  type ChatRequest,
  countImages,
  type TakeEvent,
  textOfMessage,
  type Usage,
} from '../ports/provider.ts';
import { ProviderError } from '../ports/provider-errors.ts';
import type { Tier } from '../ports/tiers.ts';
import { mostImageTokens } from '../tokens/image-tokens.ts';
import { mostTokens } from '../tokens/most-tokens.ts';
import { vocabularyOf } from '../tokens/vocabulary.ts';
import type { Reserved } from './ledger.ts';
import { costNanoUsd, namesPrice } from './pricing.ts';
import type { Spent } from './usage.ts';

/** The cost of a request. */
export interface Bill {
  readonly costNanoUsd: number;
  readonly tokens: number;
  /** Whether the figures are the provider's own. */
  readonly exact: boolean;
  /** Whether the use is unknown, so that the cost is the highest possible. */
  readonly atMost: boolean;
}

export interface AdmittedParts {
  readonly access: AccessGranted;
  readonly tier: Tier;
  readonly provider: ChatProvider;
  /** The guild's key, if the guild pays. */
  readonly key: KeyInUse | null;
  readonly wire: ChatRequest & { readonly maxOutputTokens: number };
  readonly reserved: Reserved;
  readonly worstNanoUsd: number;
  readonly dearest: FirmPrices;
}

/** A request that may be sent: its cost is reserved until `settle`. */
export class Admitted {
  readonly ok = true;
  readonly access: AccessGranted;
  /** The guild's tier at admission. */
  readonly tier: Tier;
  /** Whether the model may search the web. False if nobody asked for it, or if its provider has no search. */
  readonly searchesWeb: boolean;
  /** The longest answer that was reserved, thinking included. */
  readonly maxOutputTokens: number;
  /** How much the model is asked to think; null to leave that to it. */
  readonly effort: Effort | null;
  readonly #parts: AdmittedParts;
  readonly #meter = new Meter();
  readonly #ending = new AbortController();
  #isSent = false;
  /** Whether the provider may have started work, and so may bill it. */
  #isBillable = false;
  #started: Promise<void> | null = null;
  #spending: Promise<Spent | null> | null = null;
  #settling: Promise<Bill> | null = null;

  constructor(parts: AdmittedParts) {
    const { access, tier, wire } = parts;
    this.access = access;
    this.tier = tier;
    this.searchesWeb = wire.maxWebSearches !== undefined;
    this.maxOutputTokens = wire.maxOutputTokens;
    this.effort = wire.effort ?? null;
    this.#parts = parts;
  }

  /**
   * Sends the request. Resolves after the last event of the answer. Rejects on a second call, and after `settle`, when nothing is
   * reserved any more.
   */
  async stream(take: TakeEvent, signal: AbortSignal): Promise<void> {
    if (this.#isSent || this.#spending !== null)
      throw new Error('a request can be sent only once, and not after it is settled');
    this.#isSent = true;
    signal.throwIfAborted();
    this.#isBillable = true;
    const { provider, key, wire } = this.#parts;
    const follow = () => this.#ending.abort(signal.reason);
    signal.addEventListener('abort', follow, { once: true });
    let isWorkedOn = false;
    try {
      const noting: TakeEvent = (event) => {
        isWorkedOn ||= event.type !== 'start' || event.generationId !== null;
        this.#note(event);
        return take(event);
      };
      await provider.stream(wire, noting, this.#ending.signal);
      await key?.worked();
    } catch (error) {
      this.#isBillable = isWorkedOn || !(error instanceof ProviderError) || error.mayBeBilled;
      await key?.failed(error);
      throw error;
    } finally {
      signal.removeEventListener('abort', follow);
    }
  }

  #note(event: ChatEvent): void {
    const { provider, reserved } = this.#parts;
    this.#meter.note(event);
    // Without cost lookups the estimate is final and need not wait.
    if (event.type === 'start' && event.generationId !== null && provider.looksUpCosts) {
      this.#started = reserved.started(event.generationId);
    }
  }

  /** Ends the request if it still runs, and says what it cost. Idempotent. */
  async bill(): Promise<Bill> {
    this.#spending ??= this.#end();
    return billOf(await this.#spending);
  }

  /** As `bill`, and settles the reservation at that. Idempotent. */
  settle(): Promise<Bill> {
    this.#settling ??= this.#settle();
    return this.#settling;
  }

  async #settle(): Promise<Bill> {
    const { reserved } = this.#parts;
    const bill = await this.bill();
    const cost = await this.#spending;
    await (cost === null ? reserved.release() : reserved.settle(cost));
    return bill;
  }

  /** Null if the provider bills nothing. */
  async #end(): Promise<Spent | null> {
    this.#ending.abort(OVER);
    if (!this.#isBillable) return null;
    await this.#started;
    return this.#meter.spent(this.#parts);
  }
}

/** Derives the cost of a request from the events of its stream. */
class Meter {
  #usage: Usage | null = null;
  /** Whether `usage` covers the whole request, rather than a part of it. */
  #isWhole = false;
  /** Answer and reasoning; both are billed. */
  #generated = '';

  note(event: ChatEvent): void {
    if (event.type === 'text' || event.type === 'reasoning') {
      this.#generated = grown(this.#generated, event.delta);
      this.#usage = null;
    } else if (event.type === 'usage' || event.type === 'done') {
      this.#usage = event.usage;
      this.#isWhole = event.type === 'done';
    }
  }

  async spent({ access, wire, worstNanoUsd, dearest }: AdmittedParts): Promise<Spent> {
    const usage = this.#usage;
    if (usage === null || !isPlausible(usage, this.#generated))
      return unknownUse(wire, this.#generated, worstNanoUsd);
    const { promptTokens, completionTokens } = usage;
    const basis = this.#isWhole ? (namesPrice(usage) ? 'provider' : 'tokens') : 'estimate';
    return { costNanoUsd: costNanoUsd(access.route, usage, dearest), promptTokens, completionTokens, basis };
  }
}

/** If the use is unknown. Reasoning and searches may be hidden, so the visible text is no measure of the cost. */
async function unknownUse(wire: ChatRequest, generated: string, costNanoUsd: number): Promise<Spent> {
  const prompt = wire.messages.map(textOfMessage).join('\n');
  const imageTokens = countImages(wire.messages) * mostImageTokens(wire.wireModel);
  const vocabulary = vocabularyOf(wire.wireModel) ?? '100k';
  const textTokens = await mostTokens(prompt, vocabulary);
  const completionTokens = await mostTokens(generated, vocabulary);
  return { promptTokens: textTokens + imageTokens, completionTokens, costNanoUsd, basis: 'reserved' };
}

function billOf(cost: Spent | null): Bill {
  if (cost === null) return { costNanoUsd: 0, tokens: 0, exact: true, atMost: false };
  const { costNanoUsd, promptTokens, completionTokens, basis } = cost;
  return {
    costNanoUsd,
    tokens: promptTokens + completionTokens,
    exact: basis === 'provider' || basis === 'tokens',
    atMost: basis === 'reserved',
  };
}

/**
 * Some servers report 0 for what they did not count. A price is believed as reported; without one, 0 tokens for a prompt or
 * for text that arrived are not believed.
 */
function isPlausible(usage: Usage, generated: string): boolean {
  const { promptTokens, completionTokens } = usage;
  if (namesPrice(usage)) return true;
  return promptTokens > 0 && (completionTokens > 0 || generated === '');
}

import { type AccessDecision, type AccessGranted, checkAccess, explainRefusal } from '../access/access.ts';
import type { Guilds } from '../access/guilds.ts';
import type { KeyInUse, OwnKeys } from '../access/own-keys.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { FirmPrices } from '../catalogue/dearest-prices.ts';
import type { Clock } from '../kit/clock.ts';
import { formatUsd } from '../kit/money.ts';
import { OVER } from '../kit/over.ts';
import { type Actor, type GuildId, platformOf, type Whose } from '../ports/actor.ts';
import type { Automatic } from '../ports/automatic.ts';
import type { Model } from '../ports/model.ts';
import {
  type ChatEvent,
  type ChatMessage,
  type ChatProvider,
  type ChatRequest,
  type Completion,
  countImages,
  textOfMessage,
  type Usage,
} from '../ports/provider.ts';
import { ProviderError } from '../ports/provider-errors.ts';
import { keyProviderName, type Tier } from '../ports/tiers.ts';
import { mostImageTokens } from '../tokens/image-tokens.ts';
import { mostTokens, mostTokensOfAny } from '../tokens/most-tokens.ts';
import { vocabularyOf } from '../tokens/vocabulary.ts';
import type { Ledger, Reserved } from './ledger.ts';
import { explainLimit } from './limit-words.ts';
import { costNanoUsd, maxPrice, namesPrice, worstCostNanoUsd } from './pricing.ts';
import { messagesToCache } from './prompt-cache.ts';
import type { LimitRules } from './rules.ts';
import type { Spent } from './usage.ts';
import type { LimitWarnings } from './warnings.ts';

/** One request to a model, before any decision about it. */
export interface ModelRequest {
  /** Unique. Becomes the reservation's id. */
  readonly id: string;
  readonly guild: GuildId;
  readonly user: string;
  /** As `Actor.isOutsider`. */
  readonly isOutsider?: boolean;
  /** `Actor.groups` of the person, because groups can have limits. */
  readonly groups: Actor['groups'];
  /** Display name, for reports. */
  readonly userName?: string;
  /** Catalogue id. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly maxOutputTokens: number;
  readonly webSearch: boolean;
  /** Size of what came with the question, and the highest cost in nano-dollars that needs no confirmation. */
  readonly brought?: { readonly bytes: number; readonly images: number; readonly aboveNanoUsd: number };
  /** Keeps the conversation on one upstream server with a warm prompt cache. */
  readonly conversation: string;
  /** 0 to 2; the model's default if left out. */
  readonly temperature?: number;
  /** The automatic task that asks in the person's place. It does not count as the person's request. */
  readonly kind?: Automatic;
}

/** The cost of a request. */
export interface Bill {
  readonly costNanoUsd: number;
  readonly tokens: number;
  /** Whether the figures are the provider's own. */
  readonly exact: boolean;
  /** Whether the use is unknown, so that the cost is the highest possible. */
  readonly atMost: boolean;
}

/**
 * The only way to a model. `openRequest` checks access, picks the route and the payer, and reserves the highest cost. Only an
 * admitted request can be streamed, once, and every admitted request must be settled, whatever its outcome.
 */
export interface ModelRequests {
  /** The models that somebody may use at this moment, for menus and defaults. `openRequest` checks again. */
  look(whose: Whose): Promise<Decide>;
  /** The same for one model. */
  decide(model: string, whose: Whose): Promise<AccessDecision>;
  /** The same for many models, after reading the guild once; in their order. */
  decideAll(models: readonly string[], whose: Whose): Promise<readonly AccessDecision[]>;
  openRequest(request: ModelRequest): Promise<Admitted | Refused>;
}

/** Decides about a model by the guild's holdings as they were read. */
export type Decide = (model: string) => AccessDecision;

export interface Admitted {
  readonly ok: true;
  readonly access: AccessGranted;
  /** The guild's tier at admission. */
  readonly tier: Tier;
  /** Whether the model may search the web. False if nobody asked for it, or if its provider has no search. */
  readonly searchesWeb: boolean;
  /** Sends the request. Throws on a second call, and after `settle`, when nothing is reserved any more. */
  stream(signal: AbortSignal): AsyncGenerator<ChatEvent, void, void>;
  /** As `stream`, for the whole answer at once. */
  complete(signal: AbortSignal): Promise<Completion>;
  /** Ends the request if it still runs, and settles the reservation at its cost. Idempotent. */
  settle(): Promise<Bill>;
}

export interface Refused {
  readonly ok: false;
  /** Markdown for the asker: what was refused, why, and the remedy. */
  readonly text: string;
  /** Whether the person may go on after seeing the price. Nothing is reserved until then. */
  readonly asksFirst?: true;
}

export interface ModelRequestsOptions {
  readonly catalogue: Catalogue;
  readonly guilds: Guilds;
  readonly ownKeys: Pick<OwnKeys, 'useKey' | 'providers'>;
  readonly ledger: Ledger;
  readonly limits: LimitRules;
  readonly warnings: LimitWarnings;
  /** By provider id. */
  readonly providers: ReadonlyMap<string, ChatProvider>;
  /** Ids of the providers for which the operator has a key, or that need none. */
  readonly operatorProviders: ReadonlySet<string>;
  /** Ids of the providers that can search the web. */
  readonly searchProviders: ReadonlySet<string>;
  readonly clock: Clock;
  /** IANA name of the time zone in which people read when a limit resets. */
  readonly timeZone: string;
}

/** The most searches per question. Each is billed and sends the prompt again. */
const MAX_WEB_SEARCHES = 3;
/** Added to each message's text by the chat format: role and separators. */
const BYTES_PER_MESSAGE = 16;

export function createModelRequests(options: ModelRequestsOptions): ModelRequests {
  const {
    catalogue,
    guilds,
    ownKeys,
    ledger,
    limits,
    warnings,
    providers,
    operatorProviders,
    searchProviders,
    clock,
    timeZone,
  } = options;
  const terms = { catalogue, operatorProviders, keyProviders: ownKeys.providers };

  async function look(whose: Whose): Promise<Decide> {
    const guild = await guilds.access(whose);
    return (model) => checkAccess(model, guild, terms);
  }

  return {
    look,
    decide: async (model, whose) => (await look(whose))(model),
    decideAll: async (models, whose) => models.map(await look(whose)),

    async openRequest(request) {
      const [guild, rules] = await Promise.all([guilds.access(request), limits.rulesInForce(request.guild)]);
      const access = checkAccess(request.model, guild, terms);
      if (!access.ok) return { ok: false, text: explainRefusal(access) };
      const { model, route, payer } = access;
      const provider = providers.get(route.provider);
      if (provider === undefined) throw new Error(`the route names no provider: ${route.provider}`);
      const key = payer === 'guild' ? await ownKeys.useKey(request.guild, route.provider) : null;
      if (payer === 'guild' && key === null) return { ok: false, text: explainLostKey(route.provider) };

      // One snapshot for the whole request, so that it is held to and settled at the prices of its reservation, even if the
      // catalogue changes.
      const { dearest } = catalogue;
      const searchesWeb = request.webSearch && searchProviders.has(route.provider);
      const webSearches = searchesWeb ? MAX_WEB_SEARCHES : 0;
      const promptBytes = request.messages.reduce(
        (sum, message) => sum + mostTokensOfAny(textOfMessage(message)) + BYTES_PER_MESSAGE,
        0,
      );
      const images = countImages(request.messages);
      const cachedMessages = messagesToCache(route.wireModel, request.messages);
      const worstNanoUsd = worstCostNanoUsd(
        route,
        {
          promptTokens: promptBytes + images * mostImageTokens(route.wireModel),
          outputTokens: request.maxOutputTokens,
          webSearches,
          images,
          cachesPrompt: cachedMessages > 0,
        },
        dearest,
      );
      const { brought } = request;
      if (brought !== undefined) {
        const extraNanoUsd = worstCostNanoUsd(
          route,
          {
            promptTokens: brought.bytes + brought.images * mostImageTokens(route.wireModel),
            outputTokens: 0,
            webSearches: 0,
            images: brought.images,
          },
          dearest,
        );
        if (extraNanoUsd > brought.aboveNanoUsd) return askFirst(model.name, worstNanoUsd);
      }
      const reserved = await ledger.reserve({
        id: request.id,
        guild: request.guild,
        user: request.user,
        ...(request.userName === undefined ? {} : { userName: request.userName }),
        model: model.id,
        provider: route.provider,
        payer,
        worstNanoUsd,
        ...(request.kind && { kind: request.kind }),
        limits: await limits.limitsBy(rules, { ...request, payer }, guild.operatorTier, guild.hostTier),
      });
      const whose = { guild: request.guild, payer };
      if (!reserved.ok) {
        // An automatic request that is refused turns no person away.
        if (request.kind === undefined) warnings.reached(whose, reserved);
        const reader = { nowMs: clock.now(), timeZone, platform: platformOf(request.guild) };
        return { ok: false, text: explainLimit(reserved, reader) };
      }
      warnings.watch(whose, reserved.levels);

      const wire = {
        wireModel: route.wireModel,
        messages: request.messages,
        maxOutputTokens: request.maxOutputTokens,
        maxPrice: maxPrice(route, dearest),
        user: `${request.guild}/${request.user}`,
        sessionId: request.conversation,
        ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
        ...wireTraits(model),
        ...(route.output.includes('image') && { modalities: route.output }),
        ...(key === null ? {} : { apiKey: key.secret }),
        ...(searchesWeb ? { webSearch: { maxUses: webSearches } } : {}),
        cachedMessages,
        isFree: worstNanoUsd === 0,
      };
      return admitted({
        access,
        tier: guild.tier,
        provider,
        key,
        wire,
        reserved,
        worstNanoUsd,
        dearest,
      });
    },
  };
}

function wireTraits({ traits }: Model): Partial<ChatRequest> {
  const { reasoningInText, firstProgressMs, progressMs } = traits;
  return {
    ...(reasoningInText && { reasoningInText }),
    ...(firstProgressMs !== null && { firstProgressMs }),
    ...(progressMs !== null && { progressMs }),
  };
}

function askFirst(model: string, worstNanoUsd: number): Refused {
  const text = `With your attachments, an answer from ${model} may cost up to ${formatUsd(worstNanoUsd)}. Shall I go on?`;
  return { ok: false, text, asksFirst: true };
}

/** The key was just removed, or no `ENCRYPTION_KEY` decrypts it. */
function explainLostKey(provider: string): string {
  return `The API key for ${keyProviderName(provider)} connected here can no longer be read. An admin can connect it again with \`/connect\`.`;
}

function admitted(parts: {
  readonly access: AccessGranted;
  readonly tier: Tier;
  readonly provider: ChatProvider;
  /** The guild's key, if the guild pays. */
  readonly key: KeyInUse | null;
  readonly wire: ChatRequest & { readonly maxOutputTokens: number };
  readonly reserved: Reserved;
  readonly worstNanoUsd: number;
  readonly dearest: FirmPrices;
}): Admitted {
  const { access, tier, provider, key, wire, reserved, worstNanoUsd, dearest } = parts;
  const ending = new AbortController();
  let isSent = false;
  /** Whether the provider may have started work, and so may bill it. */
  let isBillable = false;
  let usage: Usage | null = null;
  /** Whether `usage` covers the whole request, rather than a part of it. */
  let isWhole = false;
  /** Answer and reasoning; both are billed. */
  let generated = '';
  let started: Promise<void> | null = null;
  let bill: Promise<Bill> | null = null;

  async function spent(): Promise<Spent> {
    const price = (of: Usage) => costNanoUsd(access.route, of, dearest);
    if (usage !== null && isPlausible(usage, generated)) {
      const basis = isWhole ? (namesPrice(usage) ? 'provider' : 'tokens') : 'estimate';
      return { ...usage, costNanoUsd: price(usage), basis };
    }
    // The use is unknown. Reasoning and searches may be hidden, so the visible text is no measure.
    const prompt = wire.messages.map(textOfMessage).join('\n');
    const imageTokens = countImages(wire.messages) * mostImageTokens(wire.wireModel);
    const vocabulary = vocabularyOf(wire.wireModel) ?? '100k';
    const textTokens = await mostTokens(prompt, vocabulary);
    const completionTokens = await mostTokens(generated, vocabulary);
    const promptTokens = textTokens + imageTokens;
    return { promptTokens, completionTokens, costNanoUsd: worstNanoUsd, basis: 'reserved' };
  }

  async function settle(): Promise<Bill> {
    ending.abort(OVER);
    if (!isBillable) {
      await reserved.release();
      return { costNanoUsd: 0, tokens: 0, exact: true, atMost: false };
    }
    await started;
    const { costNanoUsd, promptTokens, completionTokens, basis } = await spent();
    await reserved.settle({ costNanoUsd, promptTokens, completionTokens, basis });
    return {
      costNanoUsd,
      tokens: promptTokens + completionTokens,
      exact: basis === 'provider' || basis === 'tokens',
      atMost: basis === 'reserved',
    };
  }

  function send(signal: AbortSignal): void {
    if (isSent || bill !== null)
      throw new Error('a request can be sent only once, and not after it is settled');
    isSent = true;
    signal.throwIfAborted();
    isBillable = true;
  }

  async function failed(error: unknown, isWorkedOn: boolean): Promise<unknown> {
    isBillable = isWorkedOn || !(error instanceof ProviderError) || error.mayBeBilled;
    await key?.failed(error);
    return error;
  }

  return {
    ok: true,
    access,
    tier,
    searchesWeb: wire.webSearch !== undefined,
    async *stream(signal) {
      send(signal);
      let isWorkedOn = false;
      try {
        for await (const event of provider.stream(wire, AbortSignal.any([signal, ending.signal]))) {
          if (event.type === 'start') {
            if (event.generationId !== null) {
              isWorkedOn = true;
              // Without cost lookups the estimate is final and need not wait.
              if (provider.looksUpCosts) started = reserved.started(event.generationId);
            }
          } else {
            isWorkedOn = true;
            if (event.type === 'text' || event.type === 'reasoning') {
              generated += event.delta;
              usage = null;
            } else if (event.type === 'usage') usage = event.usage;
            else if (event.type === 'done') {
              usage = event.usage;
              isWhole = true;
            }
          }
          yield event;
        }
        await key?.worked();
      } catch (error) {
        throw await failed(error, isWorkedOn);
      }
    },
    async complete(signal) {
      send(signal);
      try {
        const completion = await provider.complete(wire, AbortSignal.any([signal, ending.signal]));
        const { generationId } = completion;
        if (generationId !== null && provider.looksUpCosts) started = reserved.started(generationId);
        generated = completion.reasoning + completion.text;
        usage = completion.usage;
        isWhole = true;
        await key?.worked();
        return completion;
      } catch (error) {
        throw await failed(error, false);
      }
    },
    settle() {
      bill ??= settle();
      return bill;
    },
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

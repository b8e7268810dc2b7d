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

/** One request to a model, before anything is decided about it. */
export interface ModelRequest {
  /** Unique; the reservation carries it. */
  readonly id: string;
  readonly guild: GuildId;
  readonly user: string;
  /** As of `Actor`. */
  readonly isOutsider?: boolean;
  /** `Actor.groups` of that person: limits may hang on them. */
  readonly groups: Actor['groups'];
  /** Display name, for reports. */
  readonly userName?: string;
  /** Catalogue id. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly maxOutputTokens: number;
  readonly webSearch: boolean;
  /** What came with the question, and the most that it may cost without the person being asked first. */
  readonly brought?: { readonly bytes: number; readonly images: number; readonly aboveNanoUsd: number };
  /** Keeps the conversation with one upstream, whose prompt cache is warm. */
  readonly conversation: string;
  /** 0 to 2; the model's own by default. */
  readonly temperature?: number;
  /** What asks by itself, in that person's place: it is no request of theirs. */
  readonly kind?: Automatic;
}

/** What a request came to. */
export interface Bill {
  readonly costNanoUsd: number;
  readonly tokens: number;
  /** Whether these are the provider's own figures. */
  readonly exact: boolean;
  /** Whether nobody says what was used, so that the cost is the most that it can have been. */
  readonly atMost: boolean;
}

/**
 * The one way to a model. `open` checks access, picks the route and who pays, and reserves the worst price; only what it
 * admits can be streamed, once, and every admitted request has to be settled, whatever became of it.
 */
export interface ModelRequests {
  /** What somebody may do with models at this moment; for menus and defaults. `open` looks again and decides. */
  look(whose: Whose): Promise<Decide>;
  /** The same for one model. */
  decide(model: string, whose: Whose): Promise<AccessDecision>;
  /** The same for many, from one look at the guild; in their order. */
  decideAll(models: readonly string[], whose: Whose): Promise<readonly AccessDecision[]>;
  open(request: ModelRequest): Promise<Admitted | Refused>;
}

/** Decides about a model, by what the guild held when it was looked at. */
export type Decide = (model: string) => AccessDecision;

export interface Admitted {
  readonly ok: true;
  readonly access: AccessGranted;
  /** The guild's tier when the request was admitted. */
  readonly tier: Tier;
  /** Whether the model may search the web. False where nobody asked for it, and where its provider knows of no search. */
  readonly searchesWeb: boolean;
  /** Sends the request, once: a second call throws, and so does one after `settle`, as nothing is reserved for it. */
  stream(signal: AbortSignal): AsyncGenerator<ChatEvent, void, void>;
  /** As `stream`, for an answer in one piece. */
  complete(signal: AbortSignal): Promise<Completion>;
  /** Ends the request where it still runs, and the reservation at what it cost. Idempotent. */
  settle(): Promise<Bill>;
}

export interface Refused {
  readonly ok: false;
  /** For the asker: what was refused, why, and what to do. Markdown. */
  readonly text: string;
  /** Whether the person may go on all the same, now that the price was said. Nothing is reserved until then. */
  readonly asksFirst?: true;
}

export interface ModelRequestsOptions {
  readonly catalogue: Catalogue;
  readonly guilds: Guilds;
  readonly ownKeys: Pick<OwnKeys, 'take' | 'providers'>;
  readonly ledger: Ledger;
  readonly limits: LimitRules;
  readonly warnings: LimitWarnings;
  /** By id. */
  readonly providers: ReadonlyMap<string, ChatProvider>;
  /** Ids of those that the operator has a key for, or that need none. */
  readonly operatorProviders: ReadonlySet<string>;
  /** Ids of those that can search the web; others are not asked to. */
  readonly searchProviders: ReadonlySet<string>;
  readonly clock: Clock;
  /** In which people are told when a limit renews. */
  readonly timeZone: string;
}

/** Searches that one question may set off: each is billed, and sends the prompt again. */
const MAX_WEB_SEARCHES = 3;
/** Of each message in the chat format, above its text: role and separators. */
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

    async open(request) {
      const [guild, rules] = await Promise.all([guilds.access(request), limits.rulesInForce(request.guild)]);
      const access = checkAccess(request.model, guild, terms);
      if (!access.ok) return { ok: false, text: explainRefusal(access) };
      const { model, route, payer } = access;
      const provider = providers.get(route.provider);
      if (provider === undefined) throw new Error(`the route names no provider: ${route.provider}`);
      const key = payer === 'guild' ? await ownKeys.take(request.guild, route.provider) : null;
      if (payer === 'guild' && key === null) return { ok: false, text: explainLostKey(route.provider) };

      // Of one moment, so that it is held to and settled at what was set aside: the catalogue may change meanwhile.
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
        // It turns nobody away.
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
  const text = `With what you brought, an answer from ${model} may cost up to ${formatUsd(worstNanoUsd)}. Shall I go on?`;
  return { ok: false, text, asksFirst: true };
}

/** The key was taken away a moment ago, or no `ENCRYPTION_KEY` opens it. */
function explainLostKey(provider: string): string {
  return `The API key for ${keyProviderName(provider)} connected here can no longer be read. An admin can connect it again with \`/connect\`.`;
}

function admitted(parts: {
  readonly access: AccessGranted;
  readonly tier: Tier;
  readonly provider: ChatProvider;
  /** Of the guild, where it pays itself. */
  readonly key: KeyInUse | null;
  readonly wire: ChatRequest & { readonly maxOutputTokens: number };
  readonly reserved: Reserved;
  readonly worstNanoUsd: number;
  readonly dearest: FirmPrices;
}): Admitted {
  const { access, tier, provider, key, wire, reserved, worstNanoUsd, dearest } = parts;
  const ending = new AbortController();
  let isSent = false;
  /** Whether the provider may have begun to work on it, and so may bill it. */
  let isBillable = false;
  let usage: Usage | null = null;
  /** Whether that is the account of the whole, and not one that was still running. */
  let isWhole = false;
  /** Answer and reasoning: both are billed. */
  let generated = '';
  let started: Promise<void> | null = null;
  let bill: Promise<Bill> | null = null;

  async function spent(): Promise<Spent> {
    const price = (of: Usage) => costNanoUsd(access.route, of, dearest);
    if (usage !== null && isPlausible(usage, generated)) {
      const basis = isWhole ? (namesPrice(usage) ? 'provider' : 'tokens') : 'estimate';
      return { ...usage, costNanoUsd: price(usage), basis };
    }
    // Nobody says what was used. Reasoning is hidden and searches are too: what was seen is no measure of it.
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
    if (isSent || bill !== null) throw new Error('a request is sent once, and before it is settled');
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
              // Where costs cannot be looked up, an estimate need not wait for a better word.
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
 * Some servers say 0 for what they did not count. A price is taken as it is said; but without one, tokens that were
 * there to see and are not in the account make it no account.
 */
function isPlausible(usage: Usage, generated: string): boolean {
  const { promptTokens, completionTokens } = usage;
  if (namesPrice(usage)) return true;
  return promptTokens > 0 && (completionTokens > 0 || generated === '');
}

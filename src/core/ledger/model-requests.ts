import {
  type AccessDecision,
  type AccessGranted,
  checkAccess,
  explainRefusal,
  type GuildInQuestion,
} from '../access/access.ts';
import { allowanceFor } from '../access/allowance.ts';
import type { Guilds } from '../access/guilds.ts';
import type { OwnKeys } from '../access/own-keys.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { formatUsd } from '../kit/money.ts';
import type { Clock } from '../kit/time/clock.ts';
import { type Actor, guildOf, platformOf, type Whose } from '../ports/actor.ts';
import type { Automatic } from '../ports/automatic.ts';
import { type Effort, ROOM_FACTORS } from '../ports/effort.ts';
import type { GuildLimits } from '../ports/limits.ts';
import type { ChatMessage, ChatProvider } from '../ports/provider.ts';
import { keyProviderName } from '../ports/tiers.ts';
import { Admitted } from './admitted-request.ts';
import type { GuildRules } from './guild-rules.ts';
import type { Ledger, Reserved } from './ledger.ts';
import { explainLimit } from './limit-words.ts';
import { maxPrice } from './pricing.ts';
import type { LimitRules } from './rules.ts';
import type { LimitWarnings } from './warnings.ts';
import { worstCaseOf } from './worst-case.ts';

/** One request to a model, before any decision about it. */
export interface ModelRequest {
  /** Unique. Becomes the reservation's id. */
  readonly id: string;
  /** The person whose limits count: their own, those of their groups, and those of their guild. */
  readonly actor: Omit<Actor, 'managesGuild'>;
  /** Catalogue id. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  /** At most: the tier may allow a shorter answer (`allowanceFor`). */
  readonly maxOutputTokens: number;
  /** How much the model is to think, as it was wished; model and tier may allow less. Default: the model's own way. */
  readonly effort?: Effort | null;
  readonly webSearch: boolean;
  /** Size of what came with the question, and the highest cost in nano-dollars that needs no confirmation. */
  readonly brought?: { readonly bytes: number; readonly images: number; readonly aboveNanoUsd: number };
  /** Keeps the conversation on one upstream server with a warm prompt cache. */
  readonly conversation: string;
  /** 0 to 2; the model's default if left out. */
  readonly temperature?: number;
  /** A look at this person's access. Saves another one if it is at most 1 s old. */
  readonly looked?: Look;
  /** The automatic task that asks in the person's place. It does not count as the person's request. */
  readonly kind?: Automatic;
}

/**
 * The only way to a model. `openRequest` checks access, picks the route and the payer, and reserves the highest cost. Only an
 * admitted request can be streamed, once, and every admitted request must be settled, whatever its outcome.
 */
export interface ModelRequests {
  /** Decides which models somebody may use at this moment, for menus and defaults. `openRequest` checks again. */
  look(whose: Whose): Promise<Look>;
  openRequest(request: ModelRequest): Promise<Admitted | Refused>;
}

/** A guild's grants and its admins' limits, as read at one time. */
export interface Look {
  readonly atMs: number;
  readonly guild: GuildInQuestion;
  readonly rules: GuildRules;
  /** Decides about a model by these. */
  readonly decide: (model: string) => AccessDecision;
}

export interface Refused {
  readonly ok: false;
  /** Markdown for the asker: what was refused, why, and the remedy. */
  readonly text: string;
  /** Whether the person may go on after seeing the price. Nothing is reserved until then. */
  readonly asksFirst?: true;
}

/** The models on offer, and the ways to them. */
export interface ModelOffer {
  readonly catalogue: Catalogue;
  /** By provider id. */
  readonly providers: ReadonlyMap<string, ChatProvider>;
  /** Ids of the providers for which the operator has a key, or that need none. */
  readonly operatorProviders: ReadonlySet<string>;
  /** Ids of the providers that can search the web. */
  readonly searchProviders: ReadonlySet<string>;
}

export interface ModelRequestsOptions {
  readonly offer: ModelOffer;
  readonly guilds: Guilds;
  readonly ownKeys: Pick<OwnKeys, 'useKey' | 'providers'>;
  readonly ledger: Ledger;
  readonly limits: LimitRules;
  readonly warnings: LimitWarnings;
  readonly clock: Clock;
  /** IANA name of the time zone in which people read when a limit resets. */
  readonly timeZone: string;
}

/** How old a look may be that a request is still opened by. */
const FRESH_MS = 1_000;
/** The most searches per question. Each is billed and sends the prompt again. */
const MAX_WEB_SEARCHES = 3;

/** A request may search the web at most three times. */
export function createModelRequests(options: ModelRequestsOptions): ModelRequests {
  const { guilds, ownKeys, ledger, limits, warnings, clock, timeZone } = options;
  const { catalogue, providers, operatorProviders, searchProviders } = options.offer;
  const terms = { catalogue, operatorProviders, keyProviders: ownKeys.providers };

  async function look(whose: Whose): Promise<Look> {
    const atMs = clock.now();
    const [guild, rules] = await Promise.all([guilds.access(whose), limits.rulesInForce(guildOf(whose))]);
    return { atMs, guild, rules, decide: (model) => checkAccess(model, guild, terms) };
  }

  /** Reserves the worst cost, or words the limit that it would pass. Warns admins about limits that come near. */
  async function reserveCost(
    request: ModelRequest,
    { model, route, payer }: AccessGranted,
    worstNanoUsd: number,
    most: GuildLimits,
  ): Promise<Reserved | Refused> {
    const { id, kind } = request;
    const { guild, user, name: userName } = request.actor;
    const reserved = await ledger.reserve({
      id,
      guild,
      user,
      userName,
      model: model.id,
      provider: route.provider,
      payer,
      worstNanoUsd,
      ...(kind && { kind }),
      limits: most,
    });
    if (reserved.ok) {
      const { levels, ...rest } = reserved;
      warnings.watch({ guild, payer }, levels);
      return rest;
    }
    // An automatic request that is refused turns no person away.
    if (kind === undefined) warnings.reached({ guild, payer }, reserved);
    const reader = { nowMs: clock.now(), timeZone, platform: platformOf(guild) };
    return { ok: false, text: explainLimit(reserved, reader) };
  }

  return {
    look,

    async openRequest(request) {
      const { looked } = request;
      const isFresh = looked !== undefined && clock.now() - looked.atMs <= FRESH_MS;
      const { guild, rules, decide } = isFresh ? looked : await look(request.actor);
      const access = decide(request.model);
      if (!access.ok) return { ok: false, text: explainRefusal(access) };
      const { model, route, payer } = access;
      const provider = providers.get(route.provider);
      if (provider === undefined) throw new Error(`the route names no provider: ${route.provider}`);
      const key = payer === 'guild' ? await ownKeys.useKey(guild.id, route.provider) : null;
      if (payer === 'guild' && key === null) return { ok: false, text: explainLostKey(route.provider) };

      // One snapshot for the whole request, so that it is held to and settled at the prices of its reservation, even if the
      // catalogue changes.
      const { dearest } = catalogue;
      const searchesWeb = request.webSearch && searchProviders.has(route.provider);
      const allowed = withinBounds(request, access);
      const worst = worstCaseOf(allowed, route, searchesWeb ? MAX_WEB_SEARCHES : 0, dearest);
      const worstNanoUsd = worst.nanoUsd;
      if (request.brought !== undefined && worst.broughtNanoUsd > request.brought.aboveNanoUsd) {
        return askFirst(model.name, worstNanoUsd);
      }
      const most = await limits.limitsBy(
        rules,
        { ...request.actor, payer },
        guild.operatorTier,
        guild.hostTier,
      );
      const reserved = await reserveCost(request, access, worstNanoUsd, most);
      if (!reserved.ok) return { ...reserved, text: `${reserved.text}${aboutEffort(allowed)}` };
      const wire = {
        ...wireOf(allowed, access),
        maxPrice: maxPrice(route, dearest),
        ...(key && { apiKey: key.secret }),
        ...(searchesWeb && { maxWebSearches: MAX_WEB_SEARCHES }),
        cachedMessages: worst.cachedMessages,
        isFree: worstNanoUsd === 0,
      };
      return new Admitted({ access, tier: guild.tier, provider, key, wire, reserved, worstNanoUsd, dearest });
    },
  };
}

/** Summaries and titles are short already, and left to models that do not think. */
function withinBounds(request: ModelRequest, access: AccessGranted): ModelRequest {
  if (request.kind !== undefined) return { ...request, effort: null };
  const { effort, maxOutputTokens } = allowanceFor(access, request.effort ?? null);
  return { ...request, effort, maxOutputTokens: Math.min(request.maxOutputTokens, maxOutputTokens) };
}

/** The request for the provider, built from the request, its model and its route. */
function wireOf(
  { actor, messages, maxOutputTokens, effort, conversation, temperature }: ModelRequest,
  { model, route }: AccessGranted,
) {
  const { reasoningInText, firstProgressMs, progressMs } = model.traits;
  return {
    wireModel: route.wireModel,
    messages,
    maxOutputTokens,
    ...(effort && { effort }),
    user: `${actor.guild}/${actor.user}`,
    sessionId: conversation,
    ...(temperature === undefined ? {} : { temperature }),
    ...(reasoningInText && { reasoningInText }),
    ...(firstProgressMs !== null && { firstProgressMs }),
    ...(progressMs !== null && { progressMs }),
    ...(route.output.includes('image') && { modalities: route.output }),
  };
}

/** For a request that a limit turned away. */
function aboutEffort({ effort }: ModelRequest): string {
  return effort && ROOM_FACTORS[effort] > 1 ? ' A lower `effort` may fit: less is set aside for it.' : '';
}

function askFirst(model: string, worstNanoUsd: number): Refused {
  const text = `With your attachments, an answer from ${model} may cost up to ${formatUsd(worstNanoUsd)}. Shall I go on?`;
  return { ok: false, text, asksFirst: true };
}

/** The key was just removed, or no `ENCRYPTION_KEY` decrypts it. */
function explainLostKey(provider: string): string {
  return `The API key for ${keyProviderName(provider)} connected here can no longer be read. An admin can connect it again with \`/connect\`.`;
}

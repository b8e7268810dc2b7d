import type { Logger } from 'pino';
import { type AccessDecision, type AccessGranted, checkAccess, explainRefusal } from './access.ts';
import type { GuildId } from './actor.ts';
import type { Catalogue } from './catalogue.ts';
import type { Guilds } from './guilds.ts';
import { costNanoUsd, maxPrice } from './pricing.ts';
import { ProviderError } from './provider/errors.ts';
import type { ChatEvent, ChatMessage, ChatProvider, ChatRequest, Usage } from './provider/types.ts';
import type { TokenEstimator } from './tokens/estimator.ts';

/** One request to a model, before anything is decided about it. */
export interface ModelRequest {
  /** Unique; the reservation carries it. */
  readonly id: string;
  readonly guild: GuildId;
  readonly user: string;
  /** Catalogue id. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly maxOutputTokens: number;
  readonly webSearch: boolean;
  /** Keeps the conversation with one upstream, whose prompt cache is warm. */
  readonly conversation: string;
}

/** What a request came to. */
export interface Bill {
  readonly costNanoUsd: number;
  readonly tokens: number;
  /** Whether these are the provider's own figures. */
  readonly exact: boolean;
}

/**
 * The one way to a model. `open` checks access, picks the route and who pays, and reserves the worst price; only what it
 * admits can be streamed, once, and every admitted request has to be settled, whatever became of it.
 */
export interface ModelRequests {
  /** What the guild may do with a model at this moment; for menus and defaults. `open` decides again. */
  decide(model: string, guild: GuildId): Promise<AccessDecision>;
  open(request: ModelRequest): Promise<Admitted | Refused>;
}

export interface Admitted {
  readonly ok: true;
  readonly access: AccessGranted;
  stream(signal: AbortSignal): AsyncGenerator<ChatEvent, void, void>;
  /** Ends the reservation at what the request cost. Idempotent. */
  settle(): Promise<Bill>;
}

export interface Refused {
  readonly ok: false;
  /** For the asker: what was refused, why, and what to do. Markdown. */
  readonly text: string;
}

export interface ModelRequestsOptions {
  readonly catalogue: Catalogue;
  readonly guilds: Guilds;
  /** By id. */
  readonly providers: ReadonlyMap<string, ChatProvider>;
  /** Ids of those that the operator has a key for, or that need none. */
  readonly operatorProviders: ReadonlySet<string>;
  readonly tokens: TokenEstimator;
  readonly log: Logger;
}

/** Searches that one question may set off: each is billed, and sends the prompt again. */
const MAX_WEB_SEARCHES = 3;

export function createModelRequests(options: ModelRequestsOptions): ModelRequests {
  const { catalogue, guilds, providers, operatorProviders, tokens } = options;

  async function decide(model: string, guild: GuildId): Promise<AccessDecision> {
    return checkAccess(model, await guilds.access(guild), { catalogue, operatorProviders });
  }

  return {
    decide,

    async open(request) {
      const access = await decide(request.model, request.guild);
      if (!access.ok) return { ok: false, text: explainRefusal(access) };
      const { route } = access;
      const provider = providers.get(route.provider);
      if (provider === undefined) throw new Error(`the route names no provider: ${route.provider}`);

      const wire: ChatRequest = {
        wireModel: route.wireModel,
        messages: request.messages,
        maxOutputTokens: request.maxOutputTokens,
        maxPrice: maxPrice(route, catalogue.dearest),
        user: `${request.guild}/${request.user}`,
        sessionId: request.conversation,
        ...(request.webSearch ? { webSearch: { maxUses: MAX_WEB_SEARCHES } } : {}),
      };
      let usage: Usage | null = null;
      let text = '';
      let wasTaken = false;
      let bill: Promise<Bill> | null = null;

      async function settle(): Promise<Bill> {
        if (usage !== null) {
          return {
            costNanoUsd: costNanoUsd(route, usage, catalogue.dearest),
            tokens: usage.promptTokens + usage.completionTokens,
            exact: true,
          };
        }
        if (!wasTaken) return { costNanoUsd: 0, tokens: 0, exact: true };
        const promptText = request.messages.map(({ content }) => content).join('\n');
        const [promptTokens, completionTokens] = await Promise.all([tokens.count(promptText), tokens.count(text)]);
        const estimate = { ...NO_USAGE, promptTokens, completionTokens };
        return {
          costNanoUsd: costNanoUsd(route, estimate, catalogue.dearest),
          tokens: promptTokens + completionTokens,
          exact: false,
        };
      }

      return {
        ok: true,
        access,
        async *stream(signal) {
          try {
            for await (const event of provider.stream(wire, signal)) {
              wasTaken = true;
              if (event.type === 'text') text += event.delta;
              else if (event.type === 'done') usage = event.usage;
              yield event;
            }
          } catch (error) {
            if (error instanceof ProviderError && error.generationId !== null) wasTaken = true;
            throw error;
          }
        },
        settle() {
          bill ??= settle();
          return bill;
        },
      };
    },
  };
}

const NO_USAGE: Usage = {
  promptTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
  cachedPromptTokens: 0,
  webSearches: 0,
  costNanoUsd: null,
};

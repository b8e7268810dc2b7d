import { z } from 'zod';
import type { WriteLimiters } from '../../../core/delivery/write-limiter.ts';
import type { Clock } from '../../../core/kit/clock.ts';
import { RateLimited } from '../../../core/ports/delivery-errors.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import { createCache } from './cache.ts';
import { methodScope } from './limits.ts';
import type { Method } from './methods.ts';
import type { Json, WebApi } from './web-api.ts';

/** A workspace in which the app is installed. */
export interface Workspace extends Identity {
  readonly api: WebApi;
  /** Features that Slack turned out not to support here. */
  readonly quirks: Quirks;
  /** Runs one write within a limit, before less urgent ones. Not for writes that the reply engine paces. */
  paced<T>(scope: Scope, write: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** As `WriteLimiters.take`. */
  enterIfFree(scope: Scope): Promise<(() => void) | null>;
  /** Calls a method within its limits, before less urgent calls; retries after rate limits. */
  call(method: Method, args: Json, signal: AbortSignal): Promise<Json>;
  /** The channel of the DM with a person, opened if necessary. */
  directChannel(user: string, signal: AbortSignal): Promise<string>;
}

export interface Quirks {
  /** Whether Slack supports its pair of feedback buttons; true until it refuses them. */
  takesFeedback: boolean;
  /** Whether threads can have a status; true until Slack refuses one. */
  takesStatus: boolean;
  /** Whether forms can ask for files; false without the scope `files:read`, and once Slack has refused it. */
  takesFileInputs: boolean;
}

export interface Identity {
  readonly team: string;
  readonly botUser: string;
  readonly botId: string;
  /** The name for mentions, after the @. */
  readonly botName: string;
}

/** A DM's channel never changes. */
const DIRECT_TTL_MS = 24 * 3_600_000;

/** After rate limits that other programs may have used up. */
const MAX_TRIES = 3;

const openedSchema = z.object({ channel: z.object({ id: z.string() }) });

/** Calls that hit a rate limit are tried up to three times. */
export function createWorkspace(
  identity: Identity,
  api: WebApi,
  limiters: WriteLimiters,
  clock: Clock,
): Workspace {
  const direct = createCache<string>(clock, DIRECT_TTL_MS);
  const paced: Workspace['paced'] = (scope, write, signal) =>
    limiters.run(scope, () => 'first', write, signal);
  const call: Workspace['call'] = async (method, args, signal) => {
    const scope = methodScope(identity.team, method);
    for (let tries = 1; ; tries++) {
      try {
        return (await paced(scope, () => api.call(method, args, signal), signal)).data;
      } catch (error) {
        // The limiter waits as long as Slack asked.
        if (!(error instanceof RateLimited) || tries === MAX_TRIES) throw error;
      }
    }
  };
  return {
    ...identity,
    api,
    quirks: { takesFeedback: true, takesStatus: true, takesFileInputs: true },
    paced,
    enterIfFree: (scope) => limiters.enterIfFree(scope),
    call,
    directChannel: (user, signal) =>
      direct.get(user, async () => {
        const opened = await call('conversations.open', { users: user }, signal);
        return openedSchema.parse(opened).channel.id;
      }),
  };
}

export function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError("a field is missing in Slack's response");
  return value;
}

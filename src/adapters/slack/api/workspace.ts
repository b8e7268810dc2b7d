import { z } from 'zod';
import type { WriteLimiters } from '../../../core/delivery/write-limiter.ts';
import type { Clock } from '../../../core/kit/time/clock.ts';
import { RateLimited } from '../../../core/ports/delivery-errors.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import { createCache } from './cache.ts';
import { methodScope } from './limits.ts';
import type { Method } from './methods.ts';
import type { Json, WebApi } from './web-api.ts';

/** A workspace in which the app is installed. */
export type Workspace = ReturnType<typeof createWorkspace>;

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
export function createWorkspace(identity: Identity, api: WebApi, limiters: WriteLimiters, clock: Clock) {
  const direct = createCache<string>(clock, DIRECT_TTL_MS);

  /** Runs one write within a limit, before less urgent ones. Not for writes that the reply engine paces. */
  function paced<T>(scope: Scope, write: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return limiters.run(scope, () => 'first', write, signal);
  }

  /** Calls a method within its limits, before less urgent calls; retries after rate limits. */
  async function call(method: Method, args: Json, signal: AbortSignal): Promise<Json> {
    const scope = methodScope(identity.team, method);
    for (let tries = 1; ; tries++) {
      try {
        return (await paced(scope, () => api.call(method, args, signal), signal)).data;
      } catch (error) {
        // The limiter waits as long as Slack asked.
        if (!(error instanceof RateLimited) || tries === MAX_TRIES) throw error;
      }
    }
  }

  return {
    ...identity,
    api,
    /** Features that Slack turned out not to support here. */
    quirks: { takesFeedback: true, takesStatus: true, takesFileInputs: true } as Quirks,
    paced,
    /** As `WriteLimiters.enterIfFree`. */
    enterIfFree: (scope: Scope) => limiters.enterIfFree(scope),
    call,
    /** The channel of the DM with a person, opened if necessary. */
    directChannel: (user: string, signal: AbortSignal) =>
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

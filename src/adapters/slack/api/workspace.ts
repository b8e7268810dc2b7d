import { z } from 'zod';
import type { WriteLimiters } from '../../../core/delivery/write-limiter.ts';
import type { Clock } from '../../../core/kit/clock.ts';
import { RateLimited } from '../../../core/ports/delivery-errors.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import { createCache } from './cache.ts';
import { methodScope } from './limits.ts';
import type { Method } from './methods.ts';
import type { Json, WebApi } from './web-api.ts';

/** A workspace that the app is installed in. */
export interface Workspace extends Identity {
  readonly api: WebApi;
  /** What Slack turned out not to take here. */
  readonly quirks: Quirks;
  /** Runs one write within a limit, before what can wait. Not for what the reply engine paces by itself. */
  paced<T>(scope: Scope, write: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** As `WriteLimiters.enterIfFree`. */
  enterIfFree(scope: Scope): Promise<(() => void) | null>;
  /** Calls a method within its limits, before what can wait, and again where Slack asks to wait. */
  call(method: Method, args: Json, signal: AbortSignal): Promise<Json>;
  /** The DM with a person; opens it where there is none. */
  directChannel(user: string, signal: AbortSignal): Promise<string>;
}

export interface Quirks {
  /** Whether it takes its own pair of feedback buttons; true until it refuses them. */
  takesFeedback: boolean;
  /** Whether it takes a status of a thread; true until it refuses one. */
  takesStatus: boolean;
  /** Whether it takes files in forms; false without the scope `files:read`, and once it has refused them. */
  takesFileInputs: boolean;
}

export interface Identity {
  readonly team: string;
  readonly botUser: string;
  readonly botId: string;
  /** What people write behind an @ to mention the bot. */
  readonly botName: string;
}

/** DMs stay what they are. */
const DIRECT_TTL_MS = 24 * 3_600_000;

/** After rate limits, which others may have used up. */
const MAX_TRIES = 3;

const openedSchema = z.object({ channel: z.object({ id: z.string() }) });

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
        // The limiter waits as long as Slack asked to.
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
  if (typeof value !== 'string') throw new TypeError('Slack left out a field that it promises');
  return value;
}

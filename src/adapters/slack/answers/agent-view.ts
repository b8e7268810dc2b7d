import type { Logger } from 'pino';
import type { Clock } from '../../../core/kit/time/clock.ts';
import { isRefusal } from '../api/errors.ts';
import { sessionScope } from '../api/limits.ts';
import { NotSlacksAnswer, SlackRefusal } from '../api/web-api.ts';
import type { Workspace } from '../api/workspace.ts';

/** Slack's agent sessions, if app and plan have them. The first try shows whether they do. */
export type AgentView = ReturnType<typeof createAgentView>;

/** An operator may switch the feature on at any time. */
const TRY_AGAIN_AFTER_MS = 3_600_000;
/** Slack's errors if there are no sessions at all; other errors concern one thread. */
const OFF = [
  'feature_disabled',
  'unknown_method',
  'missing_scope',
  'not_allowed_token_type',
  'access_denied',
];

/** If Slack has no sessions, asks again after an hour. */
export function createAgentView(workspace: Workspace, clock: Clock, log: Logger) {
  let isOn = false;
  let offUntilMs = 0;
  let probing: Promise<boolean> | null = null;

  /** Resolves to whether Slack accepted the status. */
  async function set(
    status: 'active' | 'processing',
    channel: string,
    threadTs: string,
    signal: AbortSignal,
  ) {
    try {
      const args = { channel_id: channel, thread_ts: threadTs, status };
      await workspace.call('agents.sessions.setStatus', args, signal);
      isOn = true;
      return true;
    } catch (error) {
      // A server may answer an unknown method with a page.
      const isForeign = error instanceof NotSlacksAnswer;
      if (!(error instanceof SlackRefusal) && !isForeign) throw error;
      if (isForeign ? isOn : !isRefusal(error, ...OFF)) {
        log.debug({ err: error }, 'Slack refused an agent session in a thread; going without it there');
        return false;
      }
      if (isOn || offUntilMs === 0)
        log.info(
          { reason: isForeign ? 'unknown method' : error.reason },
          'Slack offers no agent sessions here; going without',
        );
      isOn = false;
      offUntilMs = clock.now() + TRY_AGAIN_AFTER_MS;
      return false;
    }
  }

  return {
    /** Whether sessions are known to work here. */
    get isOn() {
      return isOn;
    },
    /** Tries it in a thread. Never rejects. */
    async probe(channel: string, threadTs: string, signal: AbortSignal): Promise<boolean> {
      if (isOn || clock.now() < offUntilMs) return isOn;
      // Callers at the same time share one probe.
      probing ??= set('active', channel, threadTs, signal)
        .catch((error: unknown) => {
          log.warn({ err: error }, 'could not find out whether Slack offers agent sessions');
          return false;
        })
        .finally(() => {
          probing = null;
        });
      return probing;
    },
    /** Shows a thread's session as working, with Slack's own stop button. Resolves to whether it is shown. */
    async showWorking(channel: string, threadTs: string, signal: AbortSignal): Promise<boolean> {
      if (clock.now() < offUntilMs) return false;
      const done = await workspace.enterIfFree(sessionScope(workspace.team));
      return done !== null && set('processing', channel, threadTs, signal).finally(done);
    },
    /** Shows the session as waiting for the person again. */
    async showWaiting(channel: string, threadTs: string, signal: AbortSignal): Promise<void> {
      if (clock.now() >= offUntilMs) await set('active', channel, threadTs, signal);
    },
  };
}

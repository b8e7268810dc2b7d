import type { Logger } from 'pino';
import type { Clock } from '../../core/kit/clock.ts';
import { createTasks } from '../../core/kit/tasks.ts';
import type { Store } from '../../core/ports/store.ts';
import type { Notice } from '../../core/ports/surface.ts';
import type { Obstruction, ProviderFailure } from '../../core/ports/telemetry.ts';

export interface AlertsOptions {
  readonly store: Pick<Store, 'claims' | 'write'>;
  /** Names this process in claims. */
  readonly owner: string;
  /** A provider's name, for people. */
  readonly nameOf: (provider: string) => string;
  /** As `OPERATORS` lists them. */
  readonly operators: ReadonlySet<string>;
  /** Tells one operator in a direct message; false if that is not possible. */
  readonly tell: (operator: string, notice: Notice, signal: AbortSignal) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Warns of what only the operator can put right: in the log, without a stack, and by a direct message to the operators. */
export interface Alerts {
  providerFailed(failure: ProviderFailure): void;
  obstructed(obstruction: Obstruction): void;
  /** The store does not take what is written. */
  storeFailed(reason: string): void;
  /** Resolves when nobody is being told any more. */
  stop(): Promise<void>;
}

interface Alert {
  /** The same cause is warned of once an hour, over all processes. */
  readonly cause: string;
  /** Operators are told once an hour of causes that share this. The cause itself by default. */
  readonly toldAs?: string;
  readonly text: string;
  readonly remedy: string;
  readonly fields: object;
}

/** What only the operator can put right, and how. */
const REMEDIES: Readonly<Record<string, string>> = {
  bad_key: 'set its key in .env to one that it takes',
  no_credit: 'top up its account, or raise the limit of its key',
  forbidden: 'see what its key may do, and its privacy settings',
  excluded: 'see the privacy settings of its account, which exclude the model',
  model_gone: 'run `npm run doctor`, which proposes another model for models.json',
  bad_request: 'see in models.json whether the model’s route is right',
  bad_response: 'see whether its base URL is right, and no proxy answers for it',
};
/** These are a model's, not all its provider's. */
const OF_MODEL = new Set(['model_gone', 'bad_request', 'excluded']);

/** The same is said once in that time. */
const QUIET_MS = 3_600_000;
const LEASE_MS = 10_000;

export function createAlerts(options: AlertsOptions): Alerts {
  const { store, owner, nameOf, operators, tell, clock, log } = options;
  const tasks = createTasks(log);
  /** What this process asked for of late; it is all there is while the store fails. */
  const raised = new Map<string, number>();

  /** True for one caller in an hour, of all processes. */
  async function isFirst(cause: string): Promise<boolean> {
    const nowMs = clock.now();
    if (nowMs < (raised.get(cause) ?? Number.NEGATIVE_INFINITY) + QUIET_MS) return false;
    for (const [old, atMs] of raised) if (atMs + QUIET_MS <= nowMs) raised.delete(old);
    raised.set(cause, nowMs);
    try {
      const claim = await store.claims.claim(`alert/${cause}`, owner, nowMs + LEASE_MS, nowMs + QUIET_MS);
      if (claim !== null) await store.write([{ kind: 'finish', claim }]);
      return claim !== null;
    } catch {
      return true;
    }
  }

  function raise({ cause, toldAs = cause, text, remedy, fields }: Alert): void {
    tasks.run('warn the operator', async (signal) => {
      if (!(await isFirst(cause))) return;
      log.warn({ ...fields, remedy }, text);
      if (toldAs !== cause && !(await isFirst(toldAs))) return;
      const notice = { text: `**${upperFirst(text)}.** ${upperFirst(remedy)}.` };
      for (const operator of operators) {
        try {
          if (!(await tell(operator, notice, signal)))
            log.debug({ operator }, 'an operator could not be told');
        } catch (error) {
          if (signal.aborted) return;
          log.warn({ operator, reason: reasonOf(error) }, 'an operator could not be told');
        }
      }
    });
  }

  return {
    providerFailed({ code, payer, provider, model }) {
      const remedy = REMEDIES[code];
      // What a guild's own key lacks is for its admins, who are told.
      if (remedy === undefined || payer !== 'operator') return;
      const isOfModel = OF_MODEL.has(code);
      raise({
        cause: isOfModel ? `${code} ${model}` : `${code} ${provider}`,
        text: `answers by ${isOfModel ? model : nameOf(provider)} fail until you act (${code})`,
        remedy,
        fields: { provider, model, failure: code },
      });
    },

    obstructed({ guild, channel, advice }) {
      raise({
        cause: `permission ${guild}`,
        // In a large installation somebody lacks a permission at any time.
        toldAs: 'permission',
        text: `the bot may not post in a channel of ${guild}`,
        remedy: `The asker was told: ${advice.replace(/\.$/, '')}`,
        fields: { guild, channel, failure: 'permission' },
      });
    },

    storeFailed(reason) {
      raise({
        cause: 'store',
        text: 'the store takes nothing, so no question is answered',
        remedy: 'see whether its disk is full or its server is down; `npm run doctor` looks at it',
        fields: { failure: 'store', reason },
      });
    },

    stop: () => tasks.stop(),
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

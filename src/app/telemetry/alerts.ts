import type { Logger } from 'pino';
import { createTasks } from '../../core/kit/scheduling/tasks.ts';
import { messageOf, upperFirst } from '../../core/kit/text/text.ts';
import type { Clock } from '../../core/kit/time/clock.ts';
import type { Store } from '../../core/ports/store.ts';
import type { Notice } from '../../core/ports/surface.ts';
import type { Obstruction, ProviderFailure } from '../../core/ports/telemetry.ts';

export interface AlertsOptions {
  readonly store: Pick<Store, 'claims' | 'write'>;
  /** This process's id in claims. */
  readonly owner: string;
  /** A provider's name, for people. */
  readonly nameOf: (provider: string) => string;
  /** As in `OPERATORS`. */
  readonly operators: ReadonlySet<string>;
  /** Tells one operator in a direct message; false if that is impossible. */
  readonly tell: (operator: string, notice: Notice, signal: AbortSignal) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Warnings about problems that only the operator can fix: in the log, without a stack, and as direct messages to the
 * operators.
 */
export type Alerts = ReturnType<typeof createAlerts>;

interface Alert {
  /** The same cause is reported once an hour, over all processes. */
  readonly cause: string;
  /** Direct messages about causes with the same value are sent once an hour. Default: the cause itself. */
  readonly toldAs?: string;
  readonly text: string;
  readonly remedy: string;
  readonly fields: object;
}

/** Remedies for problems that only the operator can fix. */
const REMEDIES: Readonly<Record<string, string>> = {
  bad_key: 'set its key in .env to a valid one',
  no_credit: 'top up its account, or raise the limit of its key',
  forbidden: 'check the permissions of its key, and its privacy settings',
  excluded: 'check the privacy settings of its account, which exclude the model',
  model_gone: 'run `npm run doctor`, which suggests another model for models.json',
  bad_request: 'check the model’s route in models.json',
  bad_response: 'check its base URL, and that no proxy answers for it',
};
/** Causes of a single model rather than of its whole provider. */
const OF_MODEL = new Set(['model_gone', 'bad_request', 'excluded']);

/** The same warning is given once in this time. */
const QUIET_MS = 3_600_000;
const LEASE_MS = 10_000;

/** Gives each warning at most once an hour, over all processes. */
export function createAlerts(options: AlertsOptions) {
  const { store, owner, nameOf, operators, tell, clock, log } = options;
  const tasks = createTasks(log);
  /** Warnings of this process, which are all there is while the store fails. */
  const raised = new Map<string, number>();

  /** True for one caller per hour, over all processes. */
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
          if (!(await tell(operator, notice, signal))) log.debug({ operator }, 'could not tell an operator');
        } catch (error) {
          if (signal.aborted) return;
          log.warn({ operator, reason: messageOf(error) }, 'could not tell an operator');
        }
      }
    });
  }

  return {
    providerFailed({ code, payer, provider, model }: ProviderFailure): void {
      const remedy = REMEDIES[code];
      // Problems of a guild's own key concern its admins, who are told.
      if (remedy === undefined || payer !== 'operator') return;
      const isOfModel = OF_MODEL.has(code);
      raise({
        cause: isOfModel ? `${code} ${model}` : `${code} ${provider}`,
        text: `answers by ${isOfModel ? model : nameOf(provider)} fail until you fix this (${code})`,
        remedy,
        fields: { provider, model, failure: code },
      });
    },

    obstructed({ guild, channel, advice }: Obstruction): void {
      raise({
        cause: `permission ${guild}`,
        // In a large installation some permission is always missing somewhere.
        toldAs: 'permission',
        text: `the bot may not post in a channel of ${guild}`,
        remedy: `The asker was told: ${advice.replace(/\.$/, '')}`,
        fields: { guild, channel, failure: 'permission' },
      });
    },

    /** Reports that the store accepts no writes. */
    storeFailed(reason: string): void {
      raise({
        cause: 'store',
        text: 'the store accepts no writes, so no question is answered',
        remedy: 'check whether its disk is full or its server is down; `npm run doctor` helps',
        fields: { failure: 'store', reason },
      });
    },

    /** Resolves once all pending messages are sent. */
    stop: (): Promise<void> => tasks.stop(),
  };
}

import type { AuditLog } from '../access/audit.ts';
import { createOutcomeLog, type OutcomeLog, startCounting } from '../conversations/outcomes.ts';
import { startRetention } from '../conversations/retention.ts';
import { createFeedbackLog, type FeedbackLog } from '../ledger/feedback.ts';
import { createUsageLog, type UsageLog } from '../ledger/usage.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { CoreOptions } from './options.ts';

/** The logs of requests and answers in the store. */
export interface Logs {
  readonly usage: UsageLog;
  readonly feedback: FeedbackLog;
  readonly outcomes: OutcomeLog;
  /** The operator's telemetry, and the count of outcomes. */
  readonly telemetry: Telemetry;
  stop(): Promise<void>;
}

export function wireLogs(
  { store: { records }, telemetry, habits: { retentionMs }, clock, log }: CoreOptions,
  audit: AuditLog,
): Logs {
  const usage = createUsageLog(records);
  const feedback = createFeedbackLog(records);
  const outcomes = createOutcomeLog(records);
  const counting = startCounting(outcomes, clock, log);
  const retention = startRetention({ usage, feedback, outcomes, audit, records, retentionMs, clock, log });
  return {
    usage,
    feedback,
    outcomes,
    telemetry: {
      ...telemetry,
      answered(facts) {
        counting.note(facts);
        telemetry.answered(facts);
      },
    },
    async stop() {
      await retention.stop();
      await counting.stop();
    },
  };
}

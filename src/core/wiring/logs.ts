import type { AuditLog } from '../access/audit.ts';
import { createOutcomeLog, startCounting } from '../conversations/outcomes.ts';
import { startRetention } from '../conversations/retention.ts';
import { createFeedbackLog } from '../ledger/feedback.ts';
import { createUsageLog } from '../ledger/usage.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { CoreOptions } from './options.ts';

/** The logs of requests and answers in the store. */
export type Logs = ReturnType<typeof wireLogs>;

export function wireLogs(
  { store: { records }, telemetry, habits: { retentionMs }, clock, log }: CoreOptions,
  audit: AuditLog,
) {
  const usage = createUsageLog(records);
  const feedback = createFeedbackLog(records);
  const outcomes = createOutcomeLog(records);
  const counting = startCounting(outcomes, clock, log);
  const retention = startRetention({ usage, feedback, outcomes, audit, records, retentionMs, clock, log });
  /** The operator's telemetry, and the count of outcomes. */
  const counted: Telemetry = {
    ...telemetry,
    answered(facts) {
      counting.note(facts);
      telemetry.answered(facts);
    },
  };
  return {
    usage,
    feedback,
    outcomes,
    telemetry: counted,
    async stop() {
      await retention.stop();
      await counting.stop();
    },
  };
}

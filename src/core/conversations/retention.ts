import type { Logger } from 'pino';
import type { AuditLog } from '../access/audit.ts';
import type { Clock } from '../kit/time/clock.ts';
import { type Background, repeat } from '../kit/time/repeat.ts';
import type { FeedbackLog } from '../ledger/feedback.ts';
import type { UsageLog } from '../ledger/usage.ts';
import type { RecordStore } from '../ports/store.ts';
import type { OutcomeLog } from './outcomes.ts';

/** Long enough to find out who granted a tier that expired after its year. */
const AUDIT_MS = 2 * 365 * 86_400_000;
const SWEEP_EVERY_MS = 15 * 60_000;

/**
 * Deletes old records: costs, feedback and outcomes after `retentionMs`, the audit log after two years. Conversations and
 * answers expire in the store by themselves. Also deletes the requests to stop answers that v0.1.0 left as records.
 */
export function startRetention(options: {
  readonly usage: UsageLog;
  readonly feedback: FeedbackLog;
  readonly outcomes: OutcomeLog;
  readonly audit: AuditLog;
  readonly records: Pick<RecordStore, 'remove'>;
  readonly retentionMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}): Background {
  const { usage, feedback, outcomes, audit, records, retentionMs, clock } = options;
  return repeat(
    'deleting old records',
    SWEEP_EVERY_MS,
    async () => {
      await usage.remove({ toMs: clock.now() - retentionMs });
      await feedback.remove({ toMs: clock.now() - retentionMs });
      await outcomes.remove({ toMs: clock.now() - retentionMs });
      await audit.remove({ toMs: clock.now() - Math.max(AUDIT_MS, retentionMs) });
      // A process of v0.1.0 reads those of the last ten minutes.
      await records.remove({ kind: 'stop', toMs: clock.now() - SWEEP_EVERY_MS });
    },
    options,
  );
}

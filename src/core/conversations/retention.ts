import type { Logger } from 'pino';
import type { AuditLog } from '../access/audit.ts';
import type { Clock } from '../kit/clock.ts';
import { type Background, repeat } from '../kit/repeat.ts';
import type { FeedbackLog } from '../ledger/feedback.ts';
import type { UsageLog } from '../ledger/usage.ts';
import type { OutcomeLog } from './outcomes.ts';

/** Long enough to answer who gave a tier that has just run out after its year. */
const AUDIT_MS = 2 * 365 * 86_400_000;
const SWEEP_EVERY_MS = 15 * 60_000;

/**
 * Forgets records that have had their time: costs, feedback and how answers went after `retentionMs`, the audit log after two years. Conversations and
 * answers carry their own end in the store.
 */
export function startRetention(options: {
  readonly usage: UsageLog;
  readonly feedback: FeedbackLog;
  readonly outcomes: OutcomeLog;
  readonly audit: AuditLog;
  readonly retentionMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}): Background {
  const { usage, feedback, outcomes, audit, retentionMs, clock } = options;
  return repeat(
    'forgetting records that have had their time',
    SWEEP_EVERY_MS,
    async () => {
      await usage.remove({ toMs: clock.now() - retentionMs });
      await feedback.remove({ toMs: clock.now() - retentionMs });
      await outcomes.remove({ toMs: clock.now() - retentionMs });
      await audit.remove({ toMs: clock.now() - Math.max(AUDIT_MS, retentionMs) });
    },
    options,
  );
}

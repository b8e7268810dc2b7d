import { messageOf } from '../../../core/kit/text/text.ts';
import { type Check, createFindings, type Findings } from '../check.ts';

/** A live check, step by step. A failed step becomes a finding, and the next one runs. */
export interface Stage {
  readonly findings: Findings;
  /** Aborts if the person cancels. */
  readonly signal: AbortSignal;
  step(what: string, work: () => Promise<void>): Promise<void>;
  /** Reports something that Parley assumes otherwise. */
  differs(finding: string): void;
  /**
   * Registers a cleanup, run at the end in reverse order, whatever happens. `what` names the remains if the cleanup fails.
   */
  undo(what: string, work: (signal: AbortSignal) => Promise<unknown>): void;
}

export interface StageOptions {
  /** Aborts if the person cancels. */
  readonly signal: AbortSignal;
  /** Called at the beginning of each step. */
  readonly onStep: (what: string) => void;
}

/** Enough to delete about forty messages within the platforms' limits. */
const CLEAN_UP_MS = 120_000;

/** Runs a live check and cleans up. Never rejects: faults become findings. */
export async function onStage(
  { signal, onStep }: StageOptions,
  play: (stage: Stage) => Promise<void>,
): Promise<readonly Check[]> {
  const findings = createFindings('Live');
  const undone: { readonly what: string; readonly work: (signal: AbortSignal) => Promise<unknown> }[] = [];
  const fail = (what: string, error: unknown) => {
    if (signal.aborted) findings.fail('Interrupted', 'Run it again for the rest');
    else
      findings.fail(
        `${what}: ${messageOf(error)}`,
        'Check the platform’s message, and paste this into an issue',
      );
  };
  const stage: Stage = {
    findings,
    signal,
    async step(what, work) {
      signal.throwIfAborted();
      onStep(what);
      try {
        await work();
      } catch (error) {
        signal.throwIfAborted();
        fail(what, error);
      }
    },
    differs: (finding) => findings.warn(finding, 'Paste this report into an issue'),
    undo: (what, work) => void undone.push({ what, work }),
  };
  try {
    await play(stage);
  } catch (error) {
    fail('The live check ended early', error);
  }
  onStep('clean up');
  const until = AbortSignal.timeout(CLEAN_UP_MS);
  const left: string[] = [];
  for (const { what, work } of undone.toReversed()) {
    await work(until).catch((error: unknown) => left.push(`${what} (${messageOf(error)})`));
  }
  if (left.length === 0) findings.ok(`Everything was cleaned up again, ${undone.length} in all`);
  else findings.off(`Left behind: ${left.join('; ')}`, 'Delete it yourself');
  return findings.checks;
}

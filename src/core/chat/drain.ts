import type { LiveAnswers } from '../coordination/live-answers.ts';
import type { Messenger } from './words/messenger.ts';

/** The interval between checks whether all answers are done. */
const CHECK_EVERY_MS = 50;
/** Time limit for the last state of a stopped answer; later ones are left to the journal. */
const LAST_STATES_MS = 10_000;

/**
 * Lets answers finish for `graceMs`, then ends them as interrupted. Resolves when none is in progress; last states that the
 * platforms do not accept within 10 s are left to the journal.
 */
export async function drain(
  live: LiveAnswers,
  { abandon, delivery: { clock } }: Messenger,
  graceMs: number,
): Promise<void> {
  const endMs = clock.now() + graceMs;
  while (live.size > 0 && clock.now() < endMs) await clock.sleep(CHECK_EVERY_MS);
  for (const { stop } of live.values()) stop({ kind: 'shutdown' });
  const abandonAtMs = clock.now() + LAST_STATES_MS;
  while (live.size > 0) {
    if (clock.now() >= abandonAtMs) abandon();
    await clock.sleep(CHECK_EVERY_MS);
  }
}

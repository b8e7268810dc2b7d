import { steadyClock } from '../time/clock.ts';

/**
 * A queue for work that may wait, such as the text of answers. Jobs run after all that arrived in a turn of the event loop, in
 * the order they came, for at most `budgetMs` of the turn. The budget includes what continues at once after a job, as promises
 * that it settles; a job that is queued meanwhile waits for the next turn.
 *
 * @param run Must not throw.
 */
export function createBackground<Job>(budgetMs: number, run: (job: Job) => void): (job: Job) => void {
  const waiting: Job[] = [];

  function schedule(): void {
    setImmediate(() => runSome(waiting.length, steadyClock.now() + budgetMs));
  }

  function runSome(jobs: number, endMs: number): void {
    run(waiting[0] as Job);
    // Only now, so that a job which is queued meanwhile does not begin a turn of its own.
    waiting.shift();
    // The next one after all continuations of settled promises.
    if (jobs > 1) void Promise.resolve().then(() => process.nextTick(goOn, jobs - 1, endMs));
    else if (waiting.length > 0) schedule();
  }

  function goOn(jobs: number, endMs: number): void {
    if (steadyClock.now() < endMs) runSome(jobs, endMs);
    else schedule();
  }

  return (job) => {
    waiting.push(job);
    if (waiting.length === 1) schedule();
  };
}

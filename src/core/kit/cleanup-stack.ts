/** Cleanup steps, run in the reverse of the order in which they were added. */
export interface CleanupStack {
  add(close: () => unknown): void;
  /**
   * Runs every step, even if some fail.
   * @throws AggregateError with the failures of all steps
   */
  close(): Promise<void>;
}

export function createCleanupStack(): CleanupStack {
  const closings: (() => unknown)[] = [];
  return {
    add: (close) => void closings.push(close),
    async close() {
      const faults: unknown[] = [];
      for (const close of closings.splice(0).reverse()) {
        try {
          await close();
        } catch (error) {
          faults.push(error);
        }
      }
      if (faults.length > 0) throw new AggregateError(faults, 'not everything could be closed');
    },
  };
}

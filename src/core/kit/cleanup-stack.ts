/** What has to be let go of in the end, last taken first. */
export interface CleanupStack {
  add(close: () => unknown): void;
  /** Tries all of it, whatever fails. @throws AggregateError of what failed */
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

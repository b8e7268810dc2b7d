/** Small enough that nothing else waits long for one batch. */
const MAX_TOGETHER = 100;

/**
 * Joins the calls made in one turn of the event loop, at most 100, into one call of `work`. Each call resolves to its own
 * result, or rejects if `work` does.
 *
 * @param work Resolves to one result per item, in the order of the items.
 */
export function createBatch<In, Out>(
  work: (items: readonly In[]) => Promise<readonly Out[]>,
): (item: In) => Promise<Out> {
  interface Waiting {
    readonly item: In;
    readonly resolve: (result: Out) => void;
    readonly reject: (error: unknown) => void;
  }
  let waiting: Waiting[] = [];

  async function flush(): Promise<void> {
    // Empty if the batch was full before its turn ended.
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    try {
      const results = await work(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Out);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      // Runs after all settled promises have continued, so that their calls join this batch.
      if (waiting.length === 0) void Promise.resolve().then(() => process.nextTick(flush));
      waiting.push({ item, resolve, reject });
      if (waiting.length >= MAX_TOGETHER) void flush();
    });
}

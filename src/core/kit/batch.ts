/** Nothing else waits long for a batch of this size. */
const MAX_TOGETHER = 100;

/**
 * Joins calls that are made before the event loop goes on, at most 100, into one. Each call resolves to the result at its
 * place, or rejects as the one call does.
 *
 * @param work Resolves to one result per item, in their order.
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
      // After all promises that are settled have gone on: what they ask for joins in.
      if (waiting.length === 0) void Promise.resolve().then(() => process.nextTick(flush));
      waiting.push({ item, resolve, reject });
      if (waiting.length >= MAX_TOGETHER) void flush();
    });
}

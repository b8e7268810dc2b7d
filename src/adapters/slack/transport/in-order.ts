/** Runs work concurrently, and delivers the results of each place in the order of the calls. */
export type InOrder = <T>(place: string, work: () => Promise<T>) => Promise<T>;

/** Work that fails holds up nothing behind it. */
export function createInOrder(): InOrder {
  /** Resolves once everything begun in a place has been delivered. */
  const ends = new Map<string, Promise<void>>();

  return async (place, work) => {
    const before = ends.get(place);
    const own = work();
    const end = Promise.allSettled([before, own]).then(() => {});
    ends.set(place, end);
    await before;
    try {
      return await own;
    } finally {
      if (ends.get(place) === end) ends.delete(place);
    }
  };
}

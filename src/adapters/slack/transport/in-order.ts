/** Has work done side by side, and gives its results out in the order in which it was begun, place by place. */
export interface InOrder {
  run<T>(place: string, work: () => Promise<T>): Promise<T>;
}

export function createInOrder(): InOrder {
  /** Resolves when all that was begun in a place has been given out. */
  const ends = new Map<string, Promise<void>>();

  return {
    async run(place, work) {
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
    },
  };
}

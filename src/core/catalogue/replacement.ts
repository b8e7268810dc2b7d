import type { ModelFacts } from '../ports/provider.ts';

/** The model most like one that is gone: of its maker, equally free or paid, with most words in common. Null for none. */
export function replacementFor(gone: string, models: readonly ModelFacts[]): string | null {
  const words = wordsOf(gone);
  const candidates = models
    .filter(({ id }) => makerOf(id) === makerOf(gone) && isFree(id) === isFree(gone))
    .map(({ id, expiresAt }) => {
      const own = wordsOf(id);
      const shared = words.intersection(own).size;
      return { id, expiresAt, shared, other: own.size - shared };
    })
    .filter(({ shared, expiresAt }) => shared > 0 && !expiresAt)
    // Newest first among equals, because versions count upwards.
    .toSorted(
      (a, b) => b.shared - a.shared || a.other - b.other || b.id.localeCompare(a.id, 'en', { numeric: true }),
    );
  return candidates[0]?.id ?? null;
}

function makerOf(id: string): string {
  return id.includes('/') ? id.slice(0, id.indexOf('/')) : '';
}

function isFree(id: string): boolean {
  return id.endsWith(':free');
}

/** Words of the name without the maker, who is the same. */
function wordsOf(id: string): Set<string> {
  const name = id.slice(id.indexOf('/') + 1).replace(/:free$/, '');
  return new Set(
    name
      .toLowerCase()
      .split(/[^a-z]+/)
      .filter((word) => word.length > 1),
  );
}

import { BoundedMap } from '../../kit/bounded-map.ts';
import type { Clock } from '../../kit/time/clock.ts';
import type { PlaceGone } from '../../ports/delivery-errors.ts';
import type { Place } from '../../ports/events.ts';

/** The obstacle may be removed by then. */
const REMEMBERED_MS = 5 * 60_000;
const MAX_REMEMBERED = 1_000;

export type Obstacles = ReturnType<typeof createObstacles>;

/** Places that refused a post in the last five minutes, at most 1,000, with the text for askers. */
export function createObstacles(clock: Clock) {
  const known = new BoundedMap<string, { readonly text: string; readonly untilMs: number }>(MAX_REMEMBERED);
  return {
    at(place: Place): string | null {
      const found = known.get(place.channel) ?? known.get(place.key ?? '');
      return found !== undefined && found.untilMs > clock.now() ? found.text : null;
    },
    note(place: Place, extent: PlaceGone['extent'], text: string): void {
      const key = extent === 'channel' ? place.channel : place.key;
      if (key === null) return;
      known.set(key, { text, untilMs: clock.now() + REMEMBERED_MS });
    },
  };
}

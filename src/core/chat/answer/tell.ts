import type { NameOperator } from '../../ports/operator.ts';
import type { Surface } from '../../ports/surface.ts';

/** Tells the asker alone. */
export type Tell = (surface: Surface, text: string) => Promise<void>;

/** @param abandoned ends delivery at once */
export function createTell(nameOperator: NameOperator, abandoned: AbortSignal): Tell {
  return async (surface, text) => {
    await surface.tellPrivately({ text: nameOperator(text) }, abandoned);
  };
}

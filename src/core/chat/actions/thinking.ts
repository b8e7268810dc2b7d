import type { Press } from '../../ports/events.ts';
import { MAX_REASONING_CHARS } from '../answer/draft.ts';
import type { ActionParts } from './parts.ts';

export function createThinking({ pressed, messenger: { tell } }: ActionParts) {
  return {
    /** Shows a person the model's reasoning. */
    async showThinking(press: Press): Promise<void> {
      const record = await pressed.recordFor(press);
      if (record === null) return;
      const { reasoning } = record;
      if (reasoning === undefined) return tell(press.surface, 'The model’s thinking is no longer stored.');
      const isCut = reasoning.length >= MAX_REASONING_CHARS;
      const head = `**What the model thought**${isCut ? ` (its first ${MAX_REASONING_CHARS.toLocaleString('en-US')} characters)` : ''}`;
      await tell(press.surface, `${head}\n\n${reasoning}`);
    },
  };
}

import { UnreadableValue } from '../coordination/collection.ts';
import { ProviderError } from '../ports/provider-errors.ts';
import { StoreError } from '../ports/store.ts';
import { type Explanation, explainProviderError } from '../provider/explain.ts';

/** Words any failure for the person who asked; what is not known here is a fault of this program. */
export function explain(error: unknown): Explanation {
  if (error instanceof ProviderError) return explainProviderError(error);
  if (error instanceof UnreadableValue) {
    return {
      what: 'Something that was stored for this place cannot be read.',
      next: 'Nothing was deleted. Please tell the operator of this bot.',
    };
  }
  if (error instanceof StoreError) {
    return {
      what: 'The bot cannot reach its memory at the moment, so it does not answer rather than forget.',
      next: 'Try again in a moment; if it lasts, tell the operator of this bot.',
    };
  }
  return {
    what: 'Something went wrong inside the bot.',
    next: 'Try again; if it happens again, tell the operator of this bot. The log has the details.',
  };
}

export function inOneLine({ what, next }: Explanation): string {
  return `${what} ${next}`;
}

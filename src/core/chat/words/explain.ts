import { UnreadableValue } from '../../coordination/collection.ts';
import { ProviderError } from '../../ports/provider-errors.ts';
import { StoreError } from '../../ports/store.ts';
import { type Explanation, explainProviderError } from '../../provider/failure/explain.ts';

/** Explains any failure to the asker. Unknown errors are reported as bugs. */
export function explain(error: unknown): Explanation {
  if (error instanceof ProviderError) return explainProviderError(error);
  if (error instanceof UnreadableValue) {
    return {
      what: 'Stored data for this conversation or server cannot be read.',
      next: 'Nothing was deleted. Please tell the operator of this bot.',
    };
  }
  if (error instanceof StoreError) {
    return {
      what: 'The bot cannot reach its database right now.',
      next: 'Try again in a minute; if it keeps happening, tell the operator of this bot.',
    };
  }
  return {
    what: 'Something went wrong inside the bot.',
    next: 'Try again; if it keeps happening, tell the operator of this bot; the log has the details.',
  };
}

export function inOneLine({ what, next }: Explanation): string {
  return `${what} ${next}`;
}

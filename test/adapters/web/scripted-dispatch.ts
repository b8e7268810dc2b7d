import type {
  Dispatch,
  Invocation,
  PostedMessage,
  Press,
  Suggestion,
  SuggestRequest,
} from '../../../src/core/ports/events.ts';
import { wordsIn } from '../../../src/core/ports/parts.ts';
import type { MessageView } from '../../../src/core/ports/surface.ts';

export type Inbound =
  | { readonly kind: 'command'; readonly event: Invocation }
  | { readonly kind: 'message'; readonly event: PostedMessage & { readonly text: string } }
  | { readonly kind: 'press'; readonly event: Press };

/** A core that remembers what it was handed, each event once, and does with it what the test says. */
export interface ScriptedDispatch extends Dispatch {
  readonly inbound: readonly Inbound[];
  /** How many events were delivered that had been before. */
  readonly repeats: number;
  readonly retracted: readonly string[];
  readonly suggestRequests: readonly SuggestRequest[];
}

export interface Script {
  /** Handles each event; resolves when it is dealt with. Does nothing by default. */
  readonly on?: (inbound: Inbound) => Promise<void>;
  readonly suggest?: readonly Suggestion[];
  /** Whether a person may use a command that is asked for in a form; everybody may by default. */
  readonly admit?: (request: Parameters<Dispatch['refusalOfCommand']>[0]) => boolean;
}

export function createScriptedDispatch({
  on = async () => {},
  suggest = [],
  admit = () => true,
}: Script = {}): ScriptedDispatch {
  const inbound: Inbound[] = [];
  const seen = new Set<string>();
  const retracted: string[] = [];
  const suggestRequests: SuggestRequest[] = [];
  let repeats = 0;

  async function take(next: Inbound): Promise<void> {
    if (seen.has(next.event.id)) {
      repeats++;
      return;
    }
    seen.add(next.event.id);
    inbound.push(next);
    await on(next);
  }

  return {
    inbound,
    get repeats() {
      return repeats;
    },
    retracted,
    suggestRequests,
    claim: async () => true,
    dropClaim: async () => {},
    command: (event) => take({ kind: 'command', event }),
    message: (event) => take({ kind: 'message', event: { ...event, text: wordsIn(event.parts) } }),
    press: (event) => take({ kind: 'press', event }),
    wasAsked: async () => false,
    edited: async () => {},
    unlocked: () => {},
    deleteAnswer: ({ message, remove }) => remove([message]),
    view: async () => null,
    stop: async () => {},
    retract: async (eventId) => void retracted.push(eventId),
    purchases: async () => {},
    refusalOfCommand: async (request) => (admit(request) ? null : 'Only an admin can use it.'),
    refusalOfPress: async () => null,
    hears: async () => true,
    channelRules: async () => ({ hearsAll: false, inThread: null }),
    alive: async () => {},
    away: async () => null,
    missed: async () => {},
    joined: async () => {},
    nameOperator: (text) => text,
    async suggest(request) {
      suggestRequests.push(request);
      return suggest;
    },
  };
}

/** One state of an answer, with a Stop button while it streams and a Retry after. */
export function viewOf(text: string, rest: Partial<MessageView> = {}): MessageView {
  const status = rest.status ?? 'streaming';
  return {
    text,
    source: text,
    status,
    note: null,
    footer: null,
    buttons: [{ kind: status === 'streaming' ? 'stop' : 'retry', answerId: 'answer-1' }],
    ...rest,
  };
}

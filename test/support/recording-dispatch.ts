import {
  type Arrival,
  type ChannelRules,
  type Dispatch,
  type EditedMessage,
  type Invocation,
  NO_RULES,
  type PostedMessage,
  type Press,
  type SuggestRequest,
} from '../../src/core/ports/events.ts';
import { wordsIn } from '../../src/core/ports/parts.ts';

/** With the person's own words, for tests that look at nothing else. */
export type HeardMessage = PostedMessage & { readonly text: string };

/** Records what an adapter brought to core, in order. Each event waits until it is let go, as core does until its answer stands. */
export interface RecordingDispatch extends Dispatch {
  readonly commands: Invocation[];
  readonly messages: HeardMessage[];
  readonly presses: Press[];
  /** The events that were claimed as they arrived. */
  readonly claims: Arrival[];
  /** The ids of those whose claims were not dropped yet. */
  readonly openClaims: ReadonlySet<string>;
  /** Rejects where the store is down. */
  claiming: (arrival: Arrival) => Promise<boolean>;
  readonly retracted: string[];
  /** The platform's own stops. */
  readonly stops: Parameters<Dispatch['stop']>[0][];
  /** Results of `view`, by command. */
  views: Readonly<Record<string, string>>;
  readonly viewRequests: Pick<Invocation, 'command' | 'actor' | 'place'>[];
  readonly edits: EditedMessage[];
  /** Result of `wasAsked`. */
  asked: boolean;
  readonly suggestRequests: SuggestRequest[];
  /** Requests to be admitted to a command with a form. */
  readonly admitRequests: Pick<Invocation, 'command' | 'actor' | 'place'>[];
  /** Result of `hears`. */
  hearing: boolean;
  /** Result of `channelRules`. */
  rules: ChannelRules;
  /** Result of `refusalOfCommand` and `refusalOfPress`. */
  refusal: string | null;
  /** Result of `suggest`. */
  suggestions: readonly { label: string; value: string }[];
  /** Handles each event; by default it waits for `release`. */
  handle: (event: Invocation | PostedMessage | Press) => Promise<void>;
  release(): void;
}

export function createRecordingDispatch(): RecordingDispatch {
  const released = Promise.withResolvers<void>();
  const commands: Invocation[] = [];
  const messages: HeardMessage[] = [];
  const presses: Press[] = [];
  const claims: Arrival[] = [];
  const openClaims = new Set<string>();
  const retracted: string[] = [];
  const stops: RecordingDispatch['stops'] = [];
  const edits: EditedMessage[] = [];
  const take =
    <E extends Invocation | PostedMessage | Press>(list: E[]) =>
    async (event: E) => {
      list.push(event);
      await recorded.handle(event);
    };
  const recorded: RecordingDispatch = {
    commands,
    messages,
    presses,
    retracted,
    stops,
    views: {},
    viewRequests: [],
    edits,
    asked: true,
    suggestRequests: [],
    admitRequests: [],
    hearing: true,
    refusal: null,
    suggestions: [],
    handle: () => released.promise,
    release: () => released.resolve(),
    command: take(commands),
    message: (event) => take(messages)({ ...event, text: wordsIn(event.parts) }),
    press: take(presses),
    claims,
    openClaims,
    claiming: async () => true,
    async claim(arrival) {
      if (!arrival.addressed && !recorded.hearing) return false;
      if (claims.some(({ id }) => id === arrival.id)) return false;
      claims.push(arrival);
      try {
        const isNew = await recorded.claiming(arrival);
        if (isNew) openClaims.add(arrival.id);
        return isNew;
      } catch (error) {
        claims.splice(claims.indexOf(arrival), 1);
        throw error;
      }
    },
    dropClaim: async (id) => void openClaims.delete(id),
    wasAsked: async () => recorded.asked,
    edited: async (edit) => void edits.push(edit),
    unlocked: () => {},
    deleteAnswer: async () => {},
    async view(request) {
      recorded.viewRequests.push(request);
      return recorded.views[request.command] ?? null;
    },
    stop: async (event) => void stops.push(event),
    retract: async (eventId) => void retracted.push(eventId),
    purchases: async () => {},
    hears: async () => recorded.hearing,
    rules: NO_RULES,
    channelRules: async () => recorded.rules,
    alive: async () => {},
    away: async () => null,
    missed: async () => {},
    joined: async () => {},
    nameOperator: (text) => text,
    async refusalOfCommand(request) {
      recorded.admitRequests.push(request);
      return recorded.refusal;
    },
    refusalOfPress: async () => recorded.refusal,
    async suggest(request) {
      recorded.suggestRequests.push(request);
      return recorded.suggestions;
    },
  };
  return recorded;
}

import type { Json } from './json.ts';

/** Something that Slack sends to the app. */
export interface Envelope {
  readonly type: 'events_api' | 'slash_commands' | 'interactive';
  readonly payload: Json;
}

/** One attempt to deliver an envelope. */
export interface Attempt {
  readonly envelope: Envelope;
  /** 0 for the first. */
  readonly retry: number;
}

/** The outcome of an attempt. `body` came along with the app's acknowledgement. */
export type Outcome =
  | { readonly acked: true; readonly body: unknown }
  | { readonly acked: false; readonly reason: string };

/** A way to the app: Socket Mode or signed HTTP. Resolves within three seconds of the clock. */
export interface Transport {
  send(attempt: Attempt, signal: AbortSignal): Promise<Outcome>;
}

/** The app has three seconds to acknowledge. */
export const ACK_DEADLINE_MS = 3000;

/** Events are sent again at once, after a minute and after five more. */
export const RETRY_DELAYS_MS = [0, 60_000, 300_000] as const;

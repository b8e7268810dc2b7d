import type { IncomingMessage as HttpRequest, ServerResponse } from 'node:http';
import type { GuildId, Person } from './actor.ts';
import type { Button } from './buttons.ts';
import type { Dispatch } from './events.ts';
import type { Platform } from './platforms.ts';
import type { LiveMessage, Notice, Surface } from './surface.ts';

/** One chat platform. Brings people's events to `Dispatch`, and shows core's answers on a `Surface`. */
export interface Adapter {
  readonly platform: Platform;
  /**
   * HTTP paths that the adapter serves on the shared server. Fixed once the adapter is made. Until `start` has resolved, the
   * adapter itself refuses requests.
   */
  readonly routes: readonly Route[];
  /** Everybody on the platform, if they are few and never change. Left out elsewhere. */
  readonly people?: readonly Person[];
  /**
   * Resolves once events flow.
   * @throws StartError if the operator has to change something first
   */
  start(dispatch: Dispatch): Promise<void>;
  /** Whether events flow right now; for `/readyz`. */
  ready(): boolean;
  /** Names of the guilds that the bot is in, as far as this process knows. Left out if the platform does not say. */
  guildNames?(): ReadonlyMap<GuildId, string>;
  /** Closes all connections. Called once no answer is in flight. */
  stop(): Promise<void>;
  /**
   * Tells a guild's admins something, as privately as the platform allows; false if nobody could be reached. Called only
   * after `start`. Left out if the platform has no way.
   */
  tellAdmins?(guild: GuildId, notice: Notice, signal: AbortSignal): Promise<boolean>;
  /**
   * Tells one person something in a direct message; false if that is impossible. `user` is as `Actor.user`. Called only after
   * `start`. Left out if the platform has no way.
   */
  tellPerson?(user: string, notice: Notice, signal: AbortSignal): Promise<boolean>;
  /**
   * Fetches a file by its `FilePart.reference`, even if another process made that. Called only after `start`. Sends
   * credentials to the platform's own hosts only, and follows no redirect. Left out if people cannot attach files.
   *
   * @throws FileUnavailable if the file is gone, too large, stored elsewhere, or the bot may not read it
   */
  readFile?(reference: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Finds the place where a dead process was answering; null if nothing can be shown there any more. Called only after
   * `start`. Faults other than `PlaceGone` count as temporary. Left out if no surface has a `reference`.
   */
  reopen?(lost: LostPlace, signal: AbortSignal): Promise<Reopened | null>;
  /**
   * Replaces the buttons under a finished answer; its text stays. False if no message with the answer's buttons is found.
   * Called only after `start`. Left out if questions cannot be edited.
   *
   * @throws as `LiveMessage.update`
   */
  changeButtons?(
    ended: LostPlace & { readonly answerId: string },
    buttons: readonly Button[],
    signal: AbortSignal,
  ): Promise<boolean>;
}

/** Finds answers that were posted earlier. */
export type AnswerFinder = Pick<Adapter, 'reopen' | 'changeButtons'>;

/** Those of a guild's platform; null for a platform that does not run here. */
export type FinderOf = (guild: GuildId) => AnswerFinder | null;

/** `Adapter.readFile` of the guild's platform. */
export type ReadFile = NonNullable<Adapter['readFile']>;

/** `Adapter.tellAdmins` of the guild's platform. */
export type TellAdmins = NonNullable<Adapter['tellAdmins']>;

/** The journal's knowledge of a place. */
export interface LostPlace {
  /** A `Surface.reference` of this platform, from this or another process. */
  readonly reference: string;
  /** The id of the answer that was shown there; null if there was none yet. */
  readonly answerId: string | null;
}

export interface Reopened {
  readonly surface: Surface;
  /**
   * The newest message with one of the answer's buttons: the one that was growing, or the last. Null if nothing was shown, or
   * if the answer goes on in a message that is yet to be posted.
   */
  readonly message: ReopenedMessage | null;
  /** The number of complete messages, as the newest one's mark says (`Surface.keepsMarks`). Left out if none has a mark. */
  readonly sealed?: number;
  /** Keys of the complete messages that have a mark, oldest first. Default none. */
  readonly sealedKeys?: readonly string[];
  /** Whether the bot may not read the place, so that `message` is null although something may be shown. False by default. */
  readonly isUnread?: boolean;
}

export interface ReopenedMessage {
  readonly live: LiveMessage;
  /** The message as Markdown, as far as it can be read back, without note and footer. */
  readonly text: string;
  /** Whether it already shows the answer's last state. */
  readonly isEnded: boolean;
}

/** A path on the shared HTTP server. The longest match wins. */
export interface Route {
  /** Matches exactly this path; if it ends with `/`, everything below it too. */
  readonly path: string;
  handle(request: HttpRequest, response: ServerResponse): void | Promise<void>;
}

/** A person has to change something before Parley can start. `message` says what is wrong, `remedy` what to do and where. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

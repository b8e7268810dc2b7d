import type { IncomingMessage as HttpRequest, ServerResponse } from 'node:http';
import type { GuildId, Person } from './actor.ts';
import type { Button } from './buttons.ts';
import type { Dispatch } from './events.ts';
import type { Platform } from './platforms.ts';
import type { LiveMessage, Notice, Surface } from './surface.ts';

/** One chat platform. Brings people's events to `Dispatch`, and shows what core answers on a `Surface`. */
export interface Adapter {
  readonly platform: Platform;
  /**
   * HTTP paths that the adapter serves on the shared server. Known once the adapter is made; requests that come
   * before `start` has resolved are the adapter's to refuse.
   */
  readonly routes: readonly Route[];
  /** Everybody there is, if they are few and always the same; left out elsewhere. */
  readonly people?: readonly Person[];
  /** Resolves once events flow. @throws StartError if the operator has to change something first. */
  start(dispatch: Dispatch): Promise<void>;
  /** Whether events flow at this moment; `/readyz` asks. */
  ready(): boolean;
  /**
   * The guilds that the bot is in, as far as this process knows, with what they are called: for the operator. Left out if
   * the platform does not say.
   */
  guildNames?(): ReadonlyMap<GuildId, string>;
  /** Closes connections. Called when no answer is in flight any more. */
  stop(): Promise<void>;
  /**
   * Tells those who manage a guild something, as privately as the platform can; false if nobody could be reached.
   * Called after `start` alone. Left out if the platform has no way.
   */
  tellAdmins?(guild: GuildId, notice: Notice, signal: AbortSignal): Promise<boolean>;
  /**
   * Tells one person something in a direct message; false if that is not possible. `user` is as `Actor.user`. Called after
   * `start` alone. Left out if the platform has no way.
   */
  tellPerson?(user: string, notice: Notice, signal: AbortSignal): Promise<boolean>;
  /**
   * Fetches a file by its `FilePart.reference`, whichever process made that; called after `start` alone. Credentials go to the
   * platform's own hosts, and redirects are not followed. Left out if people cannot bring files.
   *
   * @throws FileUnavailable if it is gone, too large, kept elsewhere, or the bot may not read it
   */
  readFile?(reference: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Goes back to where a process that died was answering; null if nothing can be shown there any more. Called after
   * `start` alone. Other faults than `PlaceGone` are taken for passing ones. Left out where no surface has a `reference`.
   */
  reopen?(lost: LostPlace, signal: AbortSignal): Promise<Reopened | null>;
  /**
   * Puts these buttons under an answer that has ended, in the place of those that it has; its text stays. False if the answer is not
   * found by its buttons any more. Called after `start` alone. Left out where questions cannot be edited.
   *
   * @throws as `LiveMessage.update`
   */
  changeButtons?(
    ended: LostPlace & { readonly answerId: string },
    buttons: readonly Button[],
    signal: AbortSignal,
  ): Promise<boolean>;
}

/** Finds answers again that stand somewhere. */
export type AnswerFinder = Pick<Adapter, 'reopen' | 'changeButtons'>;

/** `Adapter.readFile`, of whichever platform the guild is on. */
export type ReadFile = NonNullable<Adapter['readFile']>;

/** `Adapter.tellAdmins`, of whichever platform the guild is on. */
export type TellAdmins = NonNullable<Adapter['tellAdmins']>;

/** What a journal knows of a place. */
export interface LostPlace {
  /** A `Surface.reference` of this platform's, by this process or another. */
  readonly reference: string;
  /** Names the answer that was shown there; null if there was none yet. */
  readonly answerId: string | null;
}

/** A place that was found again. */
export interface Reopened {
  readonly surface: Surface;
  /**
   * The newest message that carries a button of the answer's, and so the one that was growing, or the last. Null if
   * there is none: nothing was shown so far, or it goes on in a message that is still to come.
   */
  readonly message: ReopenedMessage | null;
  /** Whether the bot may not read what stands there, so that `message` is null whatever was shown. False by default. */
  readonly isUnread?: boolean;
}

export interface ReopenedMessage {
  readonly live: LiveMessage;
  /** Its text as Markdown, as far as it can be read back; without note and footer. */
  readonly text: string;
  /** Whether it shows the answer's last state already. */
  readonly isEnded: boolean;
}

/** A path on the shared HTTP server. Longest prefix wins. */
export interface Route {
  /** Matches the path itself and, where it ends with `/`, all below it. */
  readonly path: string;
  handle(request: HttpRequest, response: ServerResponse): void | Promise<void>;
}

/** The start cannot go on until a person changes something; `message` says what is wrong, `remedy` what to do where. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

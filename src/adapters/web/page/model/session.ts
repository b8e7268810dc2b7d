import type { Changes, RoomInfo } from '../../wire.ts';
import { type Connection, follow, get, isLockedOut, post } from './api.ts';
import { clearRoom, type Store } from './state.ts';

export interface SessionOptions {
  /** Asks for the token; messages written meanwhile wait. */
  readonly logIn: () => Promise<void>;
  readonly onChanges: (changes: Changes) => void;
  readonly onOpen: () => void;
}

/**
 * The page's connection to the server, behind the login if there is one. Connects only when told to. A login opens a new
 * connection and repeats the posts that waited for it.
 */
export function createSession({ state, change }: Store, options: SessionOptions) {
  let loggingIn: Promise<void> | null = null;
  let logins = 0;
  let unfollow = () => {};

  /** Follows the room as the present viewer, from its first state on. */
  function connect(): void {
    unfollow();
    clearRoom(state);
    change();
    unfollow = follow(state.as, options.onChanges, onConnection);
  }

  function onConnection(connection: Connection): void {
    change({ connection });
    if (connection === 'locked') void enter();
    if (connection !== 'open') return;
    options.onOpen();
    void refreshInfo();
  }

  /** All requests that find the page locked wait for the same login. */
  function enter(): Promise<void> {
    loggingIn ??= options.logIn().then(() => {
      loggingIn = null;
      logins++;
      connect();
    });
    return loggingIn;
  }

  /** Posts, after a login if the server asks for one. */
  async function postIn(path: string, body: object): Promise<void> {
    const before = logins;
    try {
      await post(path, body);
    } catch (error) {
      if (!isLockedOut(error)) throw error;
      // Somebody may have logged in meanwhile.
      if (logins === before) await enter();
      await postIn(path, body);
    }
  }

  async function refreshInfo(): Promise<void> {
    const info = await get<RoomInfo>('room').catch(() => null);
    if (info !== null) change({ info });
  }

  return { connect, post: postIn };
}

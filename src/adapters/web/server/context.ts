import type { Dispatch } from '../../../core/ports/events.ts';
import type { PlaygroundHost } from './host.ts';
import type { Room } from './room.ts';
import type { Uploads } from './uploads.ts';

/** The services that the handlers of the page's requests share. */
export interface WebContext {
  readonly room: Room;
  readonly uploads: Uploads;
  readonly host: PlaygroundHost;
  readonly dispatch: Dispatch;
  /** Continues work after its request was accepted. */
  run(work: Promise<void>): void;
}

import type { Logger } from 'pino';
import type { Tasks } from '../../../core/kit/scheduling/tasks.ts';
import type { Sealing } from '../../../core/kit/secrets/sealing.ts';
import type { Clock } from '../../../core/kit/time/clock.ts';
import type { DiscordRest } from '../rest/rest.ts';
import type { IsArchived } from './message-writers.ts';
import type { WaitingSigns } from './waiting-signs.ts';

/** Everything that answers on Discord share. */
export interface DiscordContext {
  readonly rest: DiscordRest;
  readonly signs: WaitingSigns;
  /** Encrypts the tokens of interactions in the journal. */
  readonly sealing: Sealing;
  readonly isArchived: IsArchived;
  readonly botId: string;
  /** For `/help`: what does not work without the message-content intent; undefined if the bot has it. */
  readonly caveat: string | undefined;
  readonly tasks: Tasks;
  readonly clock: Clock;
  readonly log: Logger;
}

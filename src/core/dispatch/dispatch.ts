import type { Logger } from 'pino';
import type { AnswerParts } from '../chat/answer/parts.ts';
import type { Command } from '../command.ts';
import type { Coordination } from '../coordination/coordination.ts';
import { orLog } from '../kit/or-log.ts';
import type { Dispatch } from '../ports/events.ts';
import type { NameOperator } from '../ports/operator.ts';
import type { Services } from '../services.ts';
import { createArrivals } from './arrivals.ts';
import { createCommands } from './commands.ts';
import { createHearing } from './hearing.ts';
import { createMessages } from './messages.ts';
import { createMissed } from './missed.ts';
import type { DispatchParts } from './parts.ts';
import { createPermission } from './permission.ts';
import { createPresses } from './presses.ts';
import { createSuggestions } from './suggestions.ts';
import { createTeller } from './teller.ts';

export interface Dispatcher extends Dispatch {
  /** From now on answers events with a message that the bot is restarting. */
  close(): void;
}

export interface DispatchOptions {
  readonly commands: readonly Command[];
  readonly services: Services;
  readonly coordination: Coordination;
  readonly recovery: Pick<AnswerParts['recovery'], 'catchUp' | 'takeover'>;
  readonly joined: Dispatch['joined'];
  readonly nameOperator: NameOperator;
  readonly log: Logger;
}

/** Passes platforms' events to commands and the chat: each event once, and each fault in words to the asker. */
export function createDispatch(options: DispatchOptions): Dispatcher {
  const { commands, services, coordination, recovery, joined, nameOperator, log } = options;
  const { catchUp, takeover } = recovery;
  const teller = createTeller(nameOperator, log);
  const hearing = createHearing(services, log);
  const arrivals = createArrivals(coordination, hearing, teller, log);
  const permission = createPermission(services);
  const parts: DispatchParts = {
    commands,
    services,
    coordination,
    catchUp,
    arrivals,
    hearing,
    permission,
    teller,
    log,
  };
  return {
    claim: arrivals.claim,
    dropClaim: arrivals.dropClaim,
    close: arrivals.close,
    ...createCommands(parts),
    ...createPresses(parts),
    ...createMessages(parts),
    ...createMissed(parts),
    suggest: createSuggestions(commands, services, log),
    unlocked: takeover.unlocked,
    joined,
    nameOperator,
    purchases: (platform, purchases, reach) =>
      services.guilds
        .purchased(platform, purchases, reach)
        .catch(orLog(log, 'error', { platform }, "could not store a platform's purchases")),
  };
}

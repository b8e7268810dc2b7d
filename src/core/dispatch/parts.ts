import type { Logger } from 'pino';
import type { CatchUp } from '../chat/recovery/catch-up.ts';
import type { Command } from '../command.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { Services } from '../services.ts';
import type { Arrivals } from './arrivals.ts';
import type { Hearing } from './hearing.ts';
import type { Permission } from './permission.ts';
import type { Teller } from './teller.ts';

/** The services that each part of dispatch is made from. */
export interface DispatchParts {
  readonly commands: readonly Command[];
  readonly services: Services;
  readonly coordination: Coordination;
  readonly catchUp: CatchUp;
  readonly arrivals: Arrivals;
  readonly hearing: Hearing;
  readonly permission: Permission;
  readonly teller: Teller;
  readonly log: Logger;
}

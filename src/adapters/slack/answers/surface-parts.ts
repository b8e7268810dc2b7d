import type { Logger } from 'pino';
import type { Tasks } from '../../../core/kit/scheduling/tasks.ts';
import type { Clock } from '../../../core/kit/time/clock.ts';
import type { Workspace } from '../api/workspace.ts';
import type { Channels } from '../people/channels.ts';
import type { AgentView } from './agent-view.ts';

/** The parts shared by all surfaces of a workspace. */
export interface SurfaceParts {
  readonly workspace: Workspace;
  readonly agentView: AgentView;
  readonly channels: Pick<Channels, 'refusalOf'>;
  readonly tasks: Tasks;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborts when the adapter stops. */
  readonly signal: AbortSignal;
}

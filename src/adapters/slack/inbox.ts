import type { Logger } from 'pino';
import type { Dispatch } from '../../core/adapter.ts';
import type { Clock } from '../../core/clock.ts';
import type { Command } from '../../core/command.ts';
import type { Directory } from './directory.ts';
import type { InOrder } from './in-order.ts';
import type { Membership } from './membership.ts';
import type { Recent } from './recent.ts';
import type { ResponseUrl } from './response-url.ts';
import type { SurfaceParts } from './surfaces.ts';
import type { Workspace } from './workspace.ts';

/** What those that bring people's deeds to core work with, for one workspace. */
export interface Inbox {
  readonly workspace: Workspace;
  readonly dispatch: Dispatch;
  readonly commands: readonly Command[];
  readonly directory: Directory;
  readonly membership: Membership;
  /** Questions that came to this process; a message's second event says nothing new. Core dedupes for all processes. */
  readonly questions: Recent;
  /** Keeps the order of what is said in one place, although some of it takes longer to look up. */
  readonly inOrder: InOrder;
  readonly surfaces: SurfaceParts;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Null for addresses that are not Slack's. */
  responseUrl(url: string): ResponseUrl | null;
}

import type { GuildNames } from '../core/access/guild-names.ts';
import type { Services } from '../core/services.ts';

/** The dashboard's view of Parley. The dashboard decides nothing itself: everything is a service of core. */
export interface AdminHost {
  readonly services: Services;
  readonly names: GuildNames;
  /** A provider's name, for people. */
  providerName(id: string): string;
  /** Ids of the providers that the operator can pay for. */
  readonly usable: ReadonlySet<string>;
  /** The health of this process and of everything it needs. Never rejects. */
  health(): Promise<Health>;
}

/** One thing that the bot needs, or that can pile up. */
export interface HealthLine {
  readonly area: 'Platform' | 'Provider' | 'Store' | 'Backlog';
  readonly name: string;
  readonly state: 'good' | 'warn' | 'bad';
  /** A phrase that follows the name. */
  readonly finding: string;
}

export type Health = readonly HealthLine[];

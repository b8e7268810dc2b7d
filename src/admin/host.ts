import type { GuildNames } from '../core/access/guild-names.ts';
import type { Services } from '../core/services.ts';

/** What the dashboard shows and changes. It decides nothing itself: everything is a service of core's. */
export interface AdminHost {
  readonly services: Services;
  readonly names: GuildNames;
  /** A provider's name, for people. */
  providerName(id: string): string;
  /** Ids of the providers that the operator can pay for. */
  readonly usable: ReadonlySet<string>;
  /** How this process and what it needs are at this moment. Never rejects. */
  health(): Promise<Health>;
}

/** One thing that the bot needs, or that piles up. */
export interface HealthLine {
  readonly area: 'Platform' | 'Provider' | 'Store' | 'Backlog';
  readonly name: string;
  readonly state: 'good' | 'warn' | 'bad';
  /** In words, after the name. */
  readonly finding: string;
}

export type Health = readonly HealthLine[];

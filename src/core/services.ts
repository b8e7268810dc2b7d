import type { Roles } from './actor.ts';
import type { AuditLog } from './audit.ts';
import type { Catalogue } from './catalogue.ts';
import type { DrawChart } from './chart.ts';
import type { Chat } from './chat.ts';
import type { Clock } from './clock.ts';
import type { Guilds } from './guilds.ts';
import type { Ledger } from './ledger.ts';
import type { LimitRules } from './limit-rules.ts';
import type { ModelChooser } from './model-choice.ts';
import type { ModelRequests } from './model-requests.ts';
import type { Privacy } from './privacy.ts';
import type { Settings } from './settings.ts';
import type { UsageLog } from './usage.ts';

/** What commands work with. */
export interface Services {
  readonly chat: Chat;
  readonly catalogue: Catalogue;
  readonly models: ModelRequests;
  readonly choose: ModelChooser;
  readonly settings: Settings;
  readonly guilds: Guilds;
  readonly audit: AuditLog;
  readonly privacy: Privacy;
  readonly roles: Roles;
  readonly clock: Clock;
  readonly limits: LimitRules;
  readonly ledger: Ledger;
  readonly usage: UsageLog;
  readonly drawChart: DrawChart;
  /** IANA name of the zone in which days begin. */
  readonly timeZone: string;
}

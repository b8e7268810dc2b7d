import type { Logger } from 'pino';
import type { OwnKeysOptions } from '../access/own-keys.ts';
import type { Command } from '../command.ts';
import type { WriteLimiters } from '../delivery/write-limiter.ts';
import type { Slots } from '../kit/scheduling/slots.ts';
import type { Clock } from '../kit/time/clock.ts';
import type { ModelOffer } from '../ledger/model-requests.ts';
import type { GuildId, PeopleIn } from '../ports/actor.ts';
import type { FinderOf, ReadFile, TellAdmins } from '../ports/adapter.ts';
import type { Automatic } from '../ports/automatic.ts';
import type { DrawChart } from '../ports/chart.ts';
import type { FileLimits, ReadContent } from '../ports/files.ts';
import type { LimitsConfig } from '../ports/limits.ts';
import type { Model } from '../ports/model.ts';
import type { Store } from '../ports/store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Tier } from '../ports/tiers.ts';

export interface CoreOptions {
  readonly commands: readonly Command[];
  readonly store: Store;
  readonly models: ModelOptions;
  readonly access: AccessOptions;
  readonly platforms: PlatformOptions;
  readonly files: FileOptions;
  readonly habits: HabitOptions;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ModelOptions extends ModelOffer {
  /** Catalogue id; null for the first free model. */
  readonly defaultModel: string | null;
  /** The variables for the keys that are missing for these models. */
  readonly missingKeys: (models: readonly Model[]) => readonly string[];
  /** The variable whose key would replace the demo; null if models answer. */
  readonly demoLacks: string | null;
  readonly slots: Slots;
}

/** Permissions and limits of people and guilds. */
export interface AccessOptions {
  /** `ENCRYPTION_KEY`, then its old value, for guilds' own keys. Empty if guilds cannot bring keys. */
  readonly encryptionKeys: readonly Uint8Array[];
  /** The providers that a guild can bring a key for, by id. */
  readonly ownKeyProviders: OwnKeysOptions['providers'];
  /** Read at each request. Null for no limits. */
  readonly limits: LimitsConfig | null;
  readonly defaultTier: Tier;
  /** The tier of people from elsewhere, in channels that guilds share. */
  readonly outsiderTier: Tier;
  /** Tiers of Discord purchases, by SKU. */
  readonly skuTiers: ReadonlyMap<string, Tier>;
  /** As `<platform>:<user>`. */
  readonly operators: ReadonlySet<string>;
  /** A text for people about who runs this installation; null for none. */
  readonly operatorContact: string | null;
}

/** The functions of platforms that core needs besides surfaces. */
export interface PlatformOptions {
  readonly limiters: WriteLimiters;
  readonly tellAdmins: TellAdmins;
  readonly peopleIn: PeopleIn;
  /** Fetches a file of a platform; null for platforms without files. */
  readonly readFileOf: (guild: GuildId) => ReadFile | null;
  readonly finderOf: FinderOf;
}

/** Reading files and drawing charts. */
export interface FileOptions {
  readonly readContent: ReadContent;
  readonly limits: FileLimits;
  /** The highest cost of attachments without asking the person first, in nano-dollars; null for any. */
  readonly confirmAboveNanoUsd: number | null;
  readonly drawChart: DrawChart;
}

/** The operator's settings for all guilds. */
export interface HabitOptions {
  /** The operator's instructions for the model, in every guild; null for none. */
  readonly instructions: string | null;
  /** The automatic tasks in guilds that do not switch them off. */
  readonly automatic: ReadonlySet<Automatic>;
  readonly retentionMs: number;
  /** The greatest age of a missed message that is still answered; 0 for none. */
  readonly catchUpMs: number;
  /** IANA name of the zone in which days and months of limits begin. */
  readonly timeZone: string;
  /** Whether questions and answers are logged. */
  readonly logContent: boolean;
}

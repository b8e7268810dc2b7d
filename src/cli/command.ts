import type { ParseArgsOptionsConfig } from 'node:util';
import type { Environment } from '../app/config/environment.ts';
import type { Config } from '../app/config/variables.ts';
import type { AuditLog } from '../core/access/audit.ts';
import type { GuildNames } from '../core/access/guild-names.ts';
import { eitherOf } from '../core/kit/text/text.ts';
import type { Clock } from '../core/kit/time/clock.ts';
import { type GuildId, parseGuildId, parseUser } from '../core/ports/actor.ts';
import { GUILD_EXAMPLES } from '../core/ports/platforms.ts';
import type { Store } from '../core/ports/store.ts';

/** One command of the command line. Each `run` throws UsageError. */
export type CliCommand = CliDeclaration &
  (
    | {
        /** Works on the store, whether or not a bot is running. */
        run(args: CliArguments, context: CliContext): Promise<CliOutput>;
      }
    | {
        /** Works without an open store, which need not exist. */
        runClosed(args: CliArguments, context: Pick<CliContext, 'config' | 'clock'>): Promise<CliOutput>;
      }
    | {
        /** Works even if the environment is invalid. */
        runBare(args: CliArguments, environment: Environment): Promise<CliOutput>;
      }
  );

interface CliDeclaration {
  readonly name: string;
  /** Its purpose, without a full stop. */
  readonly summary: string;
  /** Each form of the command, without the program's name. */
  readonly usage: readonly string[];
  /** In the format of `parseArgs` of node:util. Every command also takes `json` and `help`. Default: no others. */
  readonly options?: ParseArgsOptionsConfig;
}

/** The words and flags typed after the command's name. */
export type CliArguments = ReturnType<typeof createArguments>;

export function createArguments(positionals: readonly string[], values: Readonly<Record<string, unknown>>) {
  /** The text of an option; undefined if it is not given. */
  const text = (option: string): string | undefined => {
    const value = values[option];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    /**
     * The arguments that are no options.
     * @throws UsageError if there are more than `most`, because they were meant to have an effect
     */
    words(most: number): readonly string[] {
      const extra = positionals[most];
      if (extra === undefined) return positionals;
      throw new UsageError(`${JSON.stringify(extra)} is one argument too many.`);
    },
    text,
    /** Whether a flag is given. */
    has: (flag: string): boolean => values[flag] === true,
    /** @throws UsageError if one of these options is given, which another action of the command takes */
    refuse(...options: readonly string[]): void {
      const given = options.find((option) => values[option] !== undefined);
      if (given !== undefined) throw new UsageError(`--${given} cannot be used here.`);
    },
    /** The value of `--days`. @throws UsageError if it is invalid */
    days(fallback: number): number {
      const days = text('days') ?? String(fallback);
      if (/^[1-9]\d{0,3}$/.test(days)) return Number(days);
      throw new UsageError('--days must be a whole number from 1 to 9999.');
    },
  };
}

export interface CliContext {
  readonly config: Config;
  readonly environment: Environment;
  readonly store: Store;
  readonly audit: AuditLog;
  /** The stored names of guilds. */
  readonly names: GuildNames;
  readonly clock: Clock;
  /** The author of changes, for the audit log. */
  readonly by: string;
  /** Ends after the command, before the store closes. */
  readonly closing: AsyncDisposableStack;
}

export interface CliOutput {
  /** For people. */
  readonly text: string;
  /** For scripts, with `--json`. */
  readonly json: unknown;
  /** Whether the process exits with 1 despite its output. Default false. */
  readonly failed?: boolean;
}

/** The command line is invalid; `message` says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
}

/** The action of a command that has several. @throws UsageError if it is none of them */
export function actionIn<A extends string>(
  command: string,
  actions: readonly A[],
  text: string | undefined,
): A {
  const action = actions.find((each) => each === text);
  if (action !== undefined) return action;
  const what =
    text === undefined ? 'The action is missing' : `${command} has no action ${JSON.stringify(text)}`;
  throw new UsageError(`${what}. Use ${eitherOf(actions)}.`);
}

/** @throws UsageError if the guild is invalid or missing */
export function guildIn(text: string | undefined): GuildId {
  const guild = text === undefined ? null : parseGuildId(text);
  if (guild !== null) return guild;
  throw new UsageError(
    `${text === undefined ? 'The guild is missing' : `${JSON.stringify(text)} is not a guild`}. Write ${eitherOf(GUILD_EXAMPLES)}.`,
  );
}

/** Null, for all guilds, if it is left out. @throws UsageError if the guild is invalid */
export function guildOrAll(text: string | undefined): GuildId | null {
  return text === undefined ? null : guildIn(text);
}

/** A person's id in a guild. @throws UsageError if it is invalid or missing */
export function personIn(guild: GuildId, text: string | undefined): string {
  const user = text === undefined ? null : parseUser(text, guild, null);
  if (user !== null) return user;
  throw new UsageError(
    text === undefined
      ? "The person's id is missing."
      : `${JSON.stringify(text)} is not the id of a person there.`,
  );
}

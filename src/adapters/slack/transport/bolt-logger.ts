import { type Logger as BoltLogger, LogLevel } from '@slack/bolt';
import type { Logger } from 'pino';

/**
 * Bolt's logging in ours. Its debug lines hold messages and tokens, so they are not asked for. When the bot closes the
 * connection by itself, Bolt calls that an error; nobody needs to read it.
 */
export function createBoltLogger(log: Logger, isStopping: () => boolean): BoltLogger {
  const words = (parts: unknown[]) =>
    parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' ');
  const warn = (...parts: unknown[]) => {
    if (!isStopping()) log.warn(words(parts));
  };
  return {
    debug() {},
    info: (...parts) => log.debug(words(parts)),
    warn,
    error: warn,
    setLevel() {},
    getLevel: () => LogLevel.INFO,
    setName() {},
  };
}

import { type Logger as BoltLogger, LogLevel } from '@slack/bolt';
import type { Logger } from 'pino';
import { messageOf } from '../../../core/kit/text/text.ts';

/**
 * Passes Bolt's log to ours, except debug lines, which contain messages and tokens. Skips the error that Bolt logs when the
 * bot itself closes the connection.
 */
export function createBoltLogger(log: Logger, isStopping: () => boolean): BoltLogger {
  const words = (parts: unknown[]) => parts.map(messageOf).join(' ');
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

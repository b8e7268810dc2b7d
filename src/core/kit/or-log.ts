import type { Logger } from 'pino';

type Level = 'debug' | 'warn' | 'error';

/** Handles a promise's fault: logs it, with what it was about, and gives `instead` as the result. */
export function orLog(log: Logger, level: Level, about: object, words: string): (error: unknown) => void;
export function orLog<T>(
  log: Logger,
  level: Level,
  about: object,
  words: string,
  instead: T,
): (error: unknown) => T;
export function orLog(log: Logger, level: Level, about: object, words: string, instead?: unknown) {
  return (error: unknown) => {
    log[level]({ err: error, ...about }, words);
    return instead;
  };
}

/** Handles a promise's fault: gives undefined as the result if the fault is a harmless one, and throws any other again. */
export function ignoring(isHarmless: (error: unknown) => boolean): (error: unknown) => undefined {
  return (error) => {
    if (!isHarmless(error)) throw error;
  };
}

import { type Logger, pino, stdTimeFunctions } from 'pino';
import { parseJson } from '../core/kit/json.ts';

/** Where lines go; a terminal's have colours and no JSON. */
export interface LogTarget {
  readonly isTTY?: boolean;
  readonly fd?: number;
  write(text: string): unknown;
}

/** JSON lines with names of levels and ISO times; on a terminal, lines for people. */
export function createLog(level: string, target: LogTarget): Logger {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (target.isTTY) return pino(options, { write: (line: string) => void target.write(readable(line)) });
  // Written at once, so that the last lines of a process that dies are there.
  return pino(options, target.fd === undefined ? target : pino.destination({ fd: target.fd, sync: true }));
}

const COLOURS: Readonly<Record<string, number>> = { warn: 33, error: 31, fatal: 31 };

/** `12:00:00 warn  what happened  field=value`, with a fault's stack below. */
function readable(line: string): string {
  const parsed = parseJson(line);
  if (typeof parsed !== 'object' || parsed === null) return line;
  const { level, time, msg, err, ...fields } = parsed as Record<string, unknown>;
  const at = String(time).slice(11, 19);
  const name = String(level).padEnd(5);
  const colour = COLOURS[String(level)];
  const head = colour === undefined ? `${at} ${name}` : `\u001b[${colour}m${at} ${name}\u001b[0m`;
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(
      ([key, value]) =>
        `${key}=${typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value)}`,
    );
  const stack = (err as { stack?: unknown } | undefined)?.stack;
  const fault = typeof stack === 'string' ? `\n    ${stack.replaceAll('\n', '\n    ')}` : '';
  return `${[`${head} ${String(msg ?? '')}`, ...rest].join('  ')}${fault}\n`;
}

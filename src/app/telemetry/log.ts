import { type Logger, pino, type SerializedError, stdSerializers, stdTimeFunctions } from 'pino';
import { parseJson } from '../../core/kit/json.ts';
import { messageOf } from '../../core/kit/text/text.ts';
import { PlaceGone } from '../../core/ports/delivery-errors.ts';
import { ProviderError } from '../../core/ports/provider-errors.ts';
import { StoreError } from '../../core/ports/store.ts';

/** The destination of the log; a terminal gets colours and no JSON. */
export interface LogTarget {
  readonly isTTY?: boolean;
  readonly fd?: number;
  write(text: string): unknown;
}

/** JSON lines with level names and ISO times; on a terminal, lines for people. */
export function createLog(level: string, target: LogTarget): Logger {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: errorOf },
  };
  if (target.isTTY) return pino(options, { write: (line: string) => void target.write(readable(line)) });
  // Synchronous, so that the last lines of a dying process are written.
  return pino(options, target.fd === undefined ? target : pino.destination({ fd: target.fd, sync: true }));
}

/** An error's fields; a cleanup that failed several times has the messages and stacks of all its errors. */
function errorOf(error: Error): Partial<SerializedError> {
  if (error instanceof SuppressedError) {
    const faults = [error.suppressed, error.error];
    const stack = faults.map((fault) => errorOf(fault)?.stack ?? messageOf(fault)).join('\n');
    return { type: error.name, message: messageOf(error), stack };
  }
  // The origin of these is known; a stack would only hide the remedy.
  const isPlain = error instanceof StoreError || error instanceof ProviderError || error instanceof PlaceGone;
  if (!isPlain) return stdSerializers.err(error);
  const { name: type, message, code } = error;
  return { type, message, code };
}

const COLOURS: Readonly<Record<string, number>> = { warn: 33, error: 31, fatal: 31 };

/** `12:00:00 warn  what happened  field=value`, with the stack of a fault below. */
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
  const { stack, message } = (err ?? {}) as { stack?: unknown; message?: unknown };
  const fault = typeof stack === 'string' ? `\n    ${stack.replaceAll('\n', '\n    ')}` : '';
  if (fault === '' && typeof message === 'string') rest.push(`reason=${JSON.stringify(message)}`);
  return `${[`${head} ${String(msg ?? '')}`, ...rest].join('  ')}${fault}\n`;
}

import { counted } from '../text/text.ts';

/** `0.4 s`, `12 s`, `2 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** For the end of a sentence: `in a moment`, `in 20 seconds`, `in about 5 minutes`. */
export function waitInWords(waitMs: number | null): string {
  if (waitMs === null || waitMs < 1_000) return 'in a moment';
  const seconds = Math.ceil(waitMs / 1_000);
  if (seconds < 60) return `in ${counted(seconds, 'second', 'seconds')}`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `in about ${counted(minutes, 'minute', 'minutes')}`;
  return `in about ${counted(Math.ceil(minutes / 60), 'hour', 'hours')}`;
}

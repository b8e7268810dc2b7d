/** A date (`2027-01-01`, its beginning in UTC), or a time with its UTC offset (`2027-01-01T18:00Z`, `…+02:00`). */
const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2})?(Z|[+-]\d{2}:\d{2}))?$/;

export type ParsedUntil =
  | { readonly ok: true; readonly atMs: number | null }
  | { readonly ok: false; readonly problem: string };

/** Reads the end of a grant; null if none is given. `problem` is a sentence for its author. */
export function parseUntil(text: string | undefined, nowMs: number): ParsedUntil {
  if (text === undefined) return { ok: true, atMs: null };
  const date = MOMENT.exec(text)?.[1];
  const atMs = date === undefined || !isInCalendar(date) ? Number.NaN : Date.parse(text);
  if (Number.isNaN(atMs)) {
    return {
      ok: false,
      problem: 'The end must be a date such as 2027-01-01 or a time such as 2027-01-01T18:00Z.',
    };
  }
  if (atMs <= nowMs) return { ok: false, problem: `The end, ${momentInWords(atMs)}, is in the past.` };
  return { ok: true, atMs };
}

/** `2027-01-01`, or `2027-01-01 18:00 UTC` within a day. */
export function momentInWords(atMs: number): string {
  const [date = '', time = ''] = new Date(atMs).toISOString().split('T');
  return time.startsWith('00:00:00') ? date : `${date} ${time.slice(0, 5)} UTC`;
}

/** ` until 2027-01-01`; empty for no end. */
export function untilInWords(endMs: number | null): string {
  return endMs === null ? '' : ` until ${momentInWords(endMs)}`;
}

/** `Date.parse` reads 30 February as 2 March. */
function isInCalendar(date: string): boolean {
  const atMs = Date.parse(date);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(date);
}

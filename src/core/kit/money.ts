/**
 * Money in exact integers. Amounts are nano-dollars (1e-9 USD). Unit prices are pico-dollars (1e-12 USD), because a token of
 * a cheap model costs a fraction of a nano-dollar: $0.0375 per million tokens is 37,500 pico-dollars per token. A request is
 * rounded up to nano-dollars once, at its end.
 */

const NANO_DIGITS = 9;
const PICO_DIGITS = 12;
const PICO_PER_NANO = 1_000n;

/** A million dollars. More for one request is a mistake in somebody's figures; this exceeds every limit without overflow. */
export const MOST_NANO_USD = 1e15;

/** One line of a bill: a number of units (tokens, requests, searches) at a price each. */
export interface Charge {
  readonly units: number;
  readonly picoUsdEach: number;
}

/** Reads US dollars (`"0.00000015"`, `1.5e-7`) as pico-dollars, rounded up; null if it is not a price. */
export function parsePicoUsd(usd: unknown): number | null {
  return parseScaled(usd, PICO_DIGITS);
}

/** Reads US dollars as nano-dollars, rounded up; null if it is not an amount. */
export function parseNanoUsd(usd: unknown): number | null {
  return parseScaled(usd, NANO_DIGITS);
}

/** The sum of the charges in nano-dollars: added exactly, rounded up once, at most `Number.MAX_SAFE_INTEGER`. */
export function totalNanoUsd(charges: Iterable<Charge>): number {
  let pico = 0n;
  for (const { units, picoUsdEach } of charges) pico += BigInt(Math.ceil(units)) * BigInt(picoUsdEach);
  const nano = (pico + PICO_PER_NANO - 1n) / PICO_PER_NANO;
  return Number(nano < MAX_SAFE ? nano : MAX_SAFE);
}

/** Converts a price per token to US dollars per million tokens, the unit that people and `max_price` use. */
export function usdPerMillion(picoUsdPerToken: number): number {
  return picoUsdPerToken / 1e6;
}

/** A price per token as one per million tokens, for people; `unknown` for null. */
export function perMillion(picoUsdPerToken: number | null): string {
  return picoUsdPerToken === null ? 'unknown' : formatUsd(picoUsdPerToken * 1_000);
}

/** An amount for people: `free`, `<$0.0001`, `$0.0012`, `$0.15`, `$1,234.50`. */
export function formatUsd(nanoUsd: number): string {
  if (nanoUsd === 0) return 'free';
  const usd = nanoUsd / 1e9;
  if (usd < 0.0001) return '<$0.0001';
  return (usd < 1 ? smallUsd : wholeUsd).format(usd);
}

const wholeUsd = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const smallUsd = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 4,
});

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const DECIMAL = /^(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/i;

/** Shifts the decimal point in the digits; floating point would round. */
function parseScaled(value: unknown, scaleDigits: number): number | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const match = DECIMAL.exec(String(value).trim());
  if (!match) return null;
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  // No real price has more than 60 digits; longer ones would only cost time.
  if (digits === '' || digits.length > 60) return null;
  const shift = scaleDigits + Number(exponent) - fraction.length;
  const scaled =
    shift >= 0 ? BigInt(digits) * 10n ** BigInt(shift) : divideUp(BigInt(digits), 10n ** BigInt(-shift));
  return scaled <= MAX_SAFE ? Number(scaled) : null;
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

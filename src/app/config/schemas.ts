import { z } from 'zod';
import { parseJson } from '../../core/kit/json.ts';
import { AUTOMATIC_NAMES, type Automatic } from '../../core/ports/automatic.ts';
import { TIERS } from '../../core/ports/tiers.ts';

/** Characters that an HTTP header can carry. */
export const secret = z
  .string()
  .min(8)
  .regex(/^[!-~]+$/)
  .optional();
/** May contain a user name and password. */
export const proxy = z.url({ protocol: /^https?$/ }).optional();
export const onOff = z.enum(['on', 'off']);
const KEY_BYTES = 32;

export const encryptionKey = z
  .string()
  .transform((text) => Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64'))
  .refine((key) => key.length === KEY_BYTES)
  .optional();

export const json = z.string().transform((text, context): unknown => {
  const value = parseJson(text);
  if (value !== undefined) return value;
  context.addIssue({ code: 'custom', message: 'not JSON' });
  return z.NEVER;
});

export const shards = z.union([
  z.literal('auto'),
  z
    .string()
    .regex(/^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/)
    .transform((text) =>
      text.split(',').flatMap((range) => {
        const [first = 0, last = first] = range.split('-').map(Number);
        return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
      }),
    )
    .refine((ids) => ids.length > 0),
]);

export const skuTiers = z
  .string()
  .transform((text) => text.split(',').map((pair) => pair.trim().split('=')))
  .pipe(z.array(z.tuple([z.string().regex(/^\d+$/), z.enum(TIERS)])))
  .transform((pairs) => new Map(pairs));

/** Names of automatic tasks; `off` for none. */
export const automatic = z
  .string()
  .default(AUTOMATIC_NAMES.join(','))
  .transform((text) => (text === 'off' ? [] : text.split(',').map((name) => name.trim())))
  .pipe(z.array(z.enum(AUTOMATIC_NAMES)))
  .transform((names): ReadonlySet<Automatic> => new Set(names));

export const operators = z
  .string()
  .transform((text) => text.split(',').map((operator) => operator.trim()))
  .pipe(z.array(z.string().regex(/^(discord:\d+|slack:[A-Z0-9]+\/[A-Z0-9]+)$/)))
  .transform((list): ReadonlySet<string> => new Set(list));

export const storeUrl = z.string().regex(/^(sqlite:.+|memory:|rediss?:\/\/.+)$/);

export const timeZone = z.string().refine((zone) => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
});

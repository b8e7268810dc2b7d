import { z } from 'zod';
import { BUTTON_KINDS } from '../../../core/ports/buttons.ts';
import { TIERS } from '../../../core/ports/tiers.ts';
import type { PostCommand, PostMessage, PostPress, PostRemove, PostRename } from '../wire.ts';

/** Longer than a surface's message, so that a person can paste a page of text. */
export const MAX_MESSAGE_CHARS = 16_000;

/** Ids from the page name messages and events. Their form is checked here; their randomness is up to the page. */
const id = z.string().regex(/^[A-Za-z0-9_-]{8,40}$/);
/** Uploads per message; core applies its own limit to how many are read. */
export const MAX_FILES = 10;
const files = z.array(id).max(MAX_FILES).default([]);
const spot = { channel: z.string(), thread: z.string().nullable() };

export const postMessageSchema = z
  .object({
    ...spot,
    id,
    as: z.string(),
    text: z.string().trim().max(MAX_MESSAGE_CHARS),
    files,
  })
  .refine(
    (post) => post.text !== '' || post.files.length > 0,
    'a message must not be empty',
  ) satisfies z.ZodType<PostMessage>;

export const postCommandSchema = z.object({
  ...spot,
  id,
  as: z.string(),
  command: z.string().max(32),
  options: z.record(z.string(), z.union([z.string(), z.boolean()])),
  text: z.string().max(MAX_MESSAGE_CHARS),
  files,
}) satisfies z.ZodType<PostCommand>;

export const postPressSchema = z.object({
  id,
  as: z.string(),
  message: z.string(),
  button: z.enum(BUTTON_KINDS),
  given: z.record(z.string(), z.string()).default({}),
}) satisfies z.ZodType<PostPress>;

export const postRemoveSchema = z.object({
  as: z.string(),
  message: z.string(),
}) satisfies z.ZodType<PostRemove>;

export const postRenameSchema = z.object({
  as: z.string(),
  thread: z.string(),
  title: z.string().trim().min(1).max(100),
}) satisfies z.ZodType<PostRename>;

export const uploadSchema = z.object({
  id,
  as: z.string(),
  name: z.string().min(1).max(255),
  type: z.string().max(100),
});

export const loginSchema = z.object({ token: z.string().max(1_000) });
export const tierSchema = z.object({ tier: z.enum(TIERS) });

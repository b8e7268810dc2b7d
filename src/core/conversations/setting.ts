import { z } from 'zod';
import { accessListsSchema } from '../access/lists.ts';
import { EFFORTS } from '../ports/effort.ts';

/** Settings of a conversation, a channel and a guild. A missing one is decided by the wider level. */
export const settingShape = {
  /** Whether questions include their thread; for channel and guild. */
  context: z.boolean().exactOptional(),
  /** Who may use the bot, and in which channels; for guilds. */
  lists: accessListsSchema.exactOptional(),
  /** Whether questions may search the web without being asked to; for channel and guild. */
  webSearch: z.boolean().exactOptional(),
  /** Whether questions need a mention, and whether mentions are answered in a thread; for channels. */
  mention: z.boolean().exactOptional(),
  inThread: z.boolean().exactOptional(),
  /** Whether answers are shown complete instead of growing; for people, channel and guild. */
  whole: z.boolean().exactOptional(),
  /** Automatic tasks (`AUTOMATIC`); for guilds. */
  summaries: z.boolean().exactOptional(),
  titles: z.boolean().exactOptional(),
  /** Catalogue id of the model that answers. */
  model: z.string().exactOptional(),
  /** How much the model is to reason, if it supports that. */
  effort: z.enum(EFFORTS).exactOptional(),
  /** Catalogue id of the model that answers if the first one fails; for channel and guild. */
  fallback: z.string().exactOptional(),
  /** Name of the persona; null for none, whatever wider levels say. */
  persona: z.string().nullable().exactOptional(),
  /** `by`: their author; only for conversations, where instructions are personal. */
  instructions: z.object({ text: z.string(), by: z.string().exactOptional() }).exactOptional(),
};

export const settingSchema = z.object(settingShape);
export type Setting = z.infer<typeof settingSchema>;

export type NewValues = { readonly [K in keyof Setting]?: Setting[K] | undefined };

/** New values by name, or what makes them from the present ones; undefined removes one. */
export type SettingChange = NewValues | ((before: Setting) => NewValues);

/** The value after the change. */
export function applyChange<T extends Setting>(before: T, change: SettingChange): T {
  const values = typeof change === 'function' ? change(before) : change;
  const kept = Object.entries({ ...before, ...values }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as T;
}

import { z } from 'zod';
import { accessListsSchema } from '../access/lists.ts';
import { EFFORTS } from '../ports/effort.ts';

/** What can be chosen for a conversation, a channel and a guild. Left out: the wider level decides. */
export const settingShape = {
  /** Whether questions bring the thread that they stand in; for channel and guild. */
  context: z.boolean().exactOptional(),
  /** Who may use the bot, and where; for guilds. */
  lists: accessListsSchema.exactOptional(),
  /** Whether questions may search the web unasked; for channel and guild. */
  webSearch: z.boolean().exactOptional(),
  /** Whether questions need a mention, and mentions are answered in a thread; for channels. */
  mention: z.boolean().exactOptional(),
  inThread: z.boolean().exactOptional(),
  /** Whether answers are shown whole instead of growing; for people, channel and guild. */
  whole: z.boolean().exactOptional(),
  /** What may spend by itself (`AUTOMATIC`); for guilds. */
  summaries: z.boolean().exactOptional(),
  titles: z.boolean().exactOptional(),
  /** Catalogue id of the model that answers. */
  model: z.string().exactOptional(),
  /** How much the model is to think, if it takes that. */
  effort: z.enum(EFFORTS).exactOptional(),
  /** Catalogue id of the model that answers where that one fails; for channel and guild. */
  fallback: z.string().exactOptional(),
  /** Name of the persona; null for none, whatever the wider levels say. */
  persona: z.string().nullable().exactOptional(),
  /** `by`: the person who gave them, for conversations alone, where they are personal. */
  instructions: z.object({ text: z.string(), by: z.string().exactOptional() }).exactOptional(),
};

export const settingSchema = z.object(settingShape);
export type Setting = z.infer<typeof settingSchema>;

/** New values by name; undefined takes one back. */
export type SettingChange = { readonly [K in keyof Setting]?: Setting[K] | undefined };

/** The value with the change in it, and without what the change takes back. */
export function applyChange<T extends Setting>(before: T, change: SettingChange): T {
  const kept = Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as T;
}

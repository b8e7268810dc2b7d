import { z } from 'zod';

/*
 * Messages between the playground's server and its page. The page imports types alone, and none of core's are here: the page
 * is checked with the browser's library, while core's modules need Node's.
 */

export type Role = 'member' | 'admin' | 'operator';

/** `GET api/room`: facts that do not change while the server runs. */
export interface RoomInfo {
  readonly people: readonly PersonInfo[];
  readonly channels: readonly ChannelInfo[];
  readonly commands: readonly CommandInfo[];
  /** Buttons under answers, by kind. */
  readonly buttons: Readonly<Record<string, ButtonInfo>>;
  readonly tiers: readonly string[];
  /** Longest message of a person, in UTF-16 units. */
  readonly maxMessageChars: number;
  /** Most files per message, and largest size of each. */
  readonly maxFiles: number;
  readonly maxFileBytes: number;
  /** Whether no token is needed, so that only this machine can open the page. */
  readonly isOpen: boolean;
}

export interface PersonInfo {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

export interface ChannelInfo {
  readonly id: string;
  readonly name: string;
  readonly topic: string;
  /** In a DM with the bot, the only person who sees it; else null. */
  readonly owner: string | null;
}

export interface CommandInfo {
  readonly name: string;
  readonly description: string;
  readonly role: Role;
  /** Options that are typed after the command … */
  readonly options: readonly OptionInfo[];
  /** … and options asked for in a form; null if there is no form. */
  readonly form: readonly OptionInfo[] | null;
}

export interface ButtonInfo {
  readonly label: string;
  /** A title in words if the label is a picture; else the label. */
  readonly title: string;
  /** Whether it has a form: `GET api/press-form`. */
  readonly hasForm: boolean;
}

/** `GET api/press-form`: a button's form. If it has none, or the person may not press it, a press is the way on. */
export type PressForm =
  | { readonly ok: false }
  | { readonly ok: true; readonly fields: readonly OptionInfo[] };

export interface OptionInfo {
  readonly name: string;
  readonly type: 'text' | 'secret' | 'model' | 'flag' | 'choice';
  readonly description: string;
  readonly required: boolean;
  /** For a text or secret; null for other types. */
  readonly maxChars: number | null;
  /** For a choice; empty for other types. */
  readonly choices: readonly Suggestion[];
}

export interface Suggestion {
  readonly label: string;
  readonly value: string;
}

/** `GET api/status`: the content of the bar at one spot. */
export interface Status {
  /** The model's provider, for people: `OpenRouter`, `Demo`. */
  readonly provider: string;
  /** The model that answers there; null if the tier includes none. */
  readonly model: { readonly id: string; readonly name: string } | null;
  /** How much the model can be asked to think, the least first; empty if it takes no effort. */
  readonly efforts: readonly string[];
  /** The effort that was chosen here, as the model takes it; null if nobody chose. */
  readonly effort: string | null;
  /** All models, for the picker. */
  readonly models: readonly ModelInfo[];
  readonly tier: string;
  /** Today's cost, formatted. */
  readonly spent: string;
  /** Whether the scripted demo answers instead of a language model. */
  readonly demo: boolean;
}

export interface ModelInfo {
  readonly id: string;
  readonly name: string;
  /** Per million tokens, formatted. */
  readonly price: string;
  /** The reason why the spot cannot use it; null if it can. */
  readonly lock: string | null;
}

/** A channel, or a thread in it; `thread` is the id of the message that began the thread. */
export const spotSchema = z.object({ channel: z.string(), thread: z.string().nullable() });
export type Spot = Readonly<z.infer<typeof spotSchema>>;

const message = {
  ...spotSchema.shape,
  id: z.string(),
  /** Messages are sorted by it. */
  order: z.int(),
  atMs: z.number(),
  /** The only person who sees it; null for everybody. */
  audience: z.string().nullable(),
  /** The title of the thread below it, if there is one. */
  threadTitle: z.string().nullable(),
  /** The author; for the bot's messages, the person who asked. */
  user: z.string(),
  text: z.string(),
};

/** A person's own words, or a command that was run in public. */
export const saidSchema = z.object({
  ...message,
  kind: z.literal('said'),
  addressed: z.boolean(),
  /** Files that the person attached, by the id of their upload. Messages of 0.1.0 have none. */
  files: z.array(z.object({ id: z.string(), name: z.string(), mediaType: z.string() })).default([]),
});
export type SaidMessage = z.infer<typeof saidSchema>;

/** A file from the bot. */
export const fileSchema = z.object({ name: z.string(), mediaType: z.string(), description: z.string() });
export type FileInfo = z.infer<typeof fileSchema>;

/** One message of an answer. */
export const answerSchema = z.object({
  ...message,
  kind: z.literal('answer'),
  status: z.enum(['streaming', 'sealed', 'complete', 'stopped', 'failed', 'interrupted']),
  note: z.string().nullable(),
  footer: z.string().nullable(),
  /** Kinds of buttons, in display order. */
  buttons: z.array(z.string()),
  files: z.array(fileSchema),
});
export type AnswerMessage = z.infer<typeof answerSchema>;

/** A message from the bot to one person. */
export const noticeSchema = z.object({
  ...message,
  kind: z.literal('notice'),
  /** The person's input, if nobody else saw it. */
  about: z.string().nullable(),
  files: z.array(fileSchema),
});
export type NoticeMessage = z.infer<typeof noticeSchema>;

export type Message = SaidMessage | AnswerMessage | NoticeMessage;

/** A question that the bot is working on, or that waits for its turn. */
export interface ActivityItem extends Spot {
  readonly kind: 'activity';
  /** The question's id, which is its message's if that is shown. */
  readonly id: string;
  readonly user: string;
  readonly activity: 'queued' | 'working' | 'thinking';
  /** Its place in the queue, in words; null if it does not wait. */
  readonly queue: string | null;
}

/** With the kind `status`, the bar's content may have changed: get `api/status` again. */
export type Item = Message | ActivityItem | { readonly kind: 'status' };

/** One event of `GET api/events`. */
export interface Changes<T = Item> {
  /** Whether this is the complete state; else only the changes since the last event. */
  readonly reset: boolean;
  /** Newest states, with the keys that `removed` uses. */
  readonly items: readonly (readonly [key: string, item: T])[];
  readonly removed: readonly string[];
}

/** Longer than a surface's message, so that a person can paste a page of text. */
export const MAX_MESSAGE_CHARS = 16_000;
/** Uploads per message; core applies its own limit to how many are read. */
export const MAX_FILES = 10;

/** Ids from the page name messages and events. Their form is checked here; their randomness is up to the page. */
const id = z.string().regex(/^[A-Za-z0-9_-]{8,40}$/);
/** Ids of uploads. */
const files = z.array(id).max(MAX_FILES).readonly().default([]);

/** `POST api/login`. */
export const loginSchema = z.object({ token: z.string().max(1_000) });

/** The query of `POST api/upload`, whose body has the file's bytes. */
export const uploadSchema = z.object({
  id,
  as: z.string(),
  name: z.string().min(1).max(255),
  type: z.string().max(100),
});

/** `POST api/message`. Every post has an id made by the page, so that a repeated one counts once. */
export const messageSchema = z
  .object({ ...spotSchema.shape, id, as: z.string(), text: z.string().trim().max(MAX_MESSAGE_CHARS), files })
  .refine((post) => post.text !== '' || post.files.length > 0, 'a message must not be empty');
export type PostMessage = z.infer<typeof messageSchema>;

/** `POST api/command`. */
export const commandSchema = z.object({
  ...spotSchema.shape,
  id,
  as: z.string(),
  command: z.string().max(32),
  options: z.record(z.string(), z.union([z.string(), z.boolean()])),
  /** The typed text, for people. */
  text: z.string().max(MAX_MESSAGE_CHARS),
  files,
});
export type PostCommand = z.infer<typeof commandSchema>;

/** `POST api/press`. */
export const pressSchema = z.object({
  id,
  as: z.string(),
  message: z.string(),
  button: z.string(),
  /** The values of its form. */
  given: z.record(z.string(), z.string()).default({}),
});
export type PostPress = z.infer<typeof pressSchema>;

/** `POST api/remove`. */
export const removeSchema = z.object({ as: z.string(), message: z.string() });
export type PostRemove = z.infer<typeof removeSchema>;

/** `POST api/rename`: changes a thread's title. */
export const renameSchema = z.object({
  as: z.string(),
  thread: z.string(),
  title: z.string().trim().min(1).max(100),
});
export type PostRename = z.infer<typeof renameSchema>;

/** `GET api/admit`: whether a person may use a command at a spot. If not, running it explains why. */
export interface Admission {
  readonly ok: boolean;
}

/** The response to a refused request. */
export interface Problem {
  readonly problem: string;
}

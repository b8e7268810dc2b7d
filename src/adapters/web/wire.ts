/**
 * Messages between the playground's server and its page. Only types, and none of core's: the page is checked with the
 * browser's library, while core's modules need Node's. The server's use of these types keeps both equal.
 */

export type Role = 'member' | 'admin' | 'operator';
export type ReplyStatus = 'streaming' | 'sealed' | 'complete' | 'stopped' | 'failed' | 'interrupted';

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
  readonly isPrimary: boolean;
  /** Whether it has a form: `GET api/press-form`. */
  readonly hasForm: boolean;
}

/** `GET api/press-form`: a button's form. If the person may not press it, a press explains why. */
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
export interface Spot {
  readonly channel: string;
  readonly thread: string | null;
}

interface MessageBase extends Spot {
  readonly id: string;
  /** Messages are sorted by it. */
  readonly order: number;
  readonly atMs: number;
  /** The only person who sees it; null for everybody. */
  readonly audience: string | null;
  /** The title of the thread below it, if there is one. */
  readonly threadTitle: string | null;
}

/** A person's own words, or a command that was run in public. */
export interface SaidMessage extends MessageBase {
  readonly kind: 'said';
  readonly user: string;
  readonly text: string;
  readonly addressed: boolean;
  readonly files: readonly GivenFile[];
}

/** A file that a person attached; `id` is its upload's. */
export interface GivenFile {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
}

/** One message of an answer. */
export interface AnswerMessage extends MessageBase {
  readonly kind: 'answer';
  /** The person who asked. */
  readonly user: string;
  readonly text: string;
  readonly status: ReplyStatus;
  readonly note: string | null;
  readonly footer: string | null;
  /** Kinds of buttons, in display order. */
  readonly buttons: readonly string[];
  readonly files: readonly FileInfo[];
}

/** A message from the bot to one person. */
export interface NoticeMessage extends MessageBase {
  readonly kind: 'notice';
  readonly user: string;
  /** The person's input, if nobody else saw it. */
  readonly about: string | null;
  readonly text: string;
  readonly files: readonly FileInfo[];
}

export interface FileInfo {
  readonly name: string;
  readonly mediaType: string;
  readonly description: string;
}

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

/** The bar's content may have changed: get `api/status` again. */
export interface StatusItem {
  readonly kind: 'status';
}

export type Item = Message | ActivityItem | StatusItem;

/** One event of `GET api/events`. */
export interface Changes {
  /** Whether this is the complete state; else only the changes since the last event. */
  readonly reset: boolean;
  /** Newest states, with the keys that `removed` uses. */
  readonly items: readonly (readonly [key: string, item: Item])[];
  readonly removed: readonly string[];
}

/** `POST api/message`. Every post has an id made by the page, so that a repeated one counts once. */
export interface PostMessage extends Spot {
  readonly id: string;
  readonly as: string;
  readonly text: string;
  /** Ids of uploads: `POST api/upload?id=…&as=…&name=…&type=…` with the file's bytes as the body. */
  readonly files: readonly string[];
}

/** `POST api/command`. */
export interface PostCommand extends Spot {
  readonly id: string;
  readonly as: string;
  readonly command: string;
  readonly options: Readonly<Record<string, string | boolean>>;
  readonly files: readonly string[];
  /** The typed text, for people. */
  readonly text: string;
}

/** `GET api/admit`: whether a person may use a command at a spot. If not, running it explains why. */
export interface Admission {
  readonly ok: boolean;
}

/** `POST api/press`. */
export interface PostPress {
  readonly id: string;
  readonly as: string;
  readonly message: string;
  readonly button: string;
  /** The values of its form. */
  readonly given: Readonly<Record<string, string>>;
}

/** `POST api/remove`. */
export interface PostRemove {
  readonly as: string;
  readonly message: string;
}

/** `POST api/rename`: changes a thread's title. */
export interface PostRename {
  readonly as: string;
  readonly thread: string;
  readonly title: string;
}

/** The response to a refused request. */
export interface Problem {
  readonly problem: string;
}

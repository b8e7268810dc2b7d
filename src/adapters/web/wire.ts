/**
 * What goes between the playground's server and its page. Types alone, and none of core's: the page is checked against
 * the browser's library, and core's modules need Node's. The server's use of them holds the two equal.
 */

export type Role = 'member' | 'admin' | 'operator';
export type ReplyStatus = 'streaming' | 'sealed' | 'complete' | 'stopped' | 'failed' | 'interrupted';

/** `GET api/room`: what does not change while the server runs. */
export interface RoomInfo {
  readonly people: readonly PersonInfo[];
  readonly channels: readonly ChannelInfo[];
  readonly commands: readonly CommandInfo[];
  /** What can stand under an answer, by kind. */
  readonly buttons: Readonly<Record<string, ButtonInfo>>;
  readonly tiers: readonly string[];
  /** The most that one message of a person may hold. */
  readonly maxMessageChars: number;
  /** The most that one message may bring, and that one of its files may hold. */
  readonly maxFiles: number;
  readonly maxFileBytes: number;
  /** Whether no token is asked for: then the page is for one machine alone. */
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
  /** The only person who sees it, where it is a DM with the bot. */
  readonly owner: string | null;
}

export interface CommandInfo {
  readonly name: string;
  readonly description: string;
  readonly role: Role;
  /** Those that are typed behind it … */
  readonly options: readonly OptionInfo[];
  /** … and those that are asked for in a form; null where there is none. */
  readonly form: readonly OptionInfo[] | null;
}

export interface ButtonInfo {
  readonly label: string;
  /** In words, if the label is a picture; else the same. */
  readonly title: string;
  readonly isPrimary: boolean;
  /** Whether it asks something first: `GET api/press-form`. */
  readonly hasForm: boolean;
}

/** `GET api/press-form`: what a button asks. Where the person may not press it, pressing it says why. */
export type PressForm =
  | { readonly ok: false }
  | { readonly ok: true; readonly fields: readonly OptionInfo[] };

export interface OptionInfo {
  readonly name: string;
  readonly type: 'text' | 'secret' | 'model' | 'flag' | 'choice';
  readonly description: string;
  readonly required: boolean;
  /** Of a text or a secret; null for the others. */
  readonly maxChars: number | null;
  /** Of a choice; empty for the others. */
  readonly choices: readonly Suggestion[];
}

export interface Suggestion {
  readonly label: string;
  readonly value: string;
}

/** `GET api/status`: what the bar shows at one spot. */
export interface Status {
  readonly provider: string;
  readonly model: { readonly id: string; readonly name: string } | null;
  /** How much the model can be asked to think, the least first; empty if it takes no effort. */
  readonly efforts: readonly string[];
  /** The effort that was chosen here, as the model takes it; null if nobody chose. */
  readonly effort: string | null;
  /** All that there are, for the picker. */
  readonly models: readonly ModelInfo[];
  readonly tier: string;
  /** Today, as people write it. */
  readonly spent: string;
  readonly demo: boolean;
}

export interface ModelInfo {
  readonly id: string;
  readonly name: string;
  /** Per million tokens, as people write it. */
  readonly price: string;
  /** Why it cannot be used at the spot; null if it can. */
  readonly lock: string | null;
}

/** A channel, or a thread in it; `thread` is the id of the message that the thread hangs on. */
export interface Spot {
  readonly channel: string;
  readonly thread: string | null;
}

interface MessageBase extends Spot {
  readonly id: string;
  /** Messages stand in this order. */
  readonly order: number;
  readonly atMs: number;
  /** The only person who sees it; null where everybody does. */
  readonly audience: string | null;
  /** The title of the thread that hangs on it, where there is one. */
  readonly threadTitle: string | null;
}

/** A person's own words, or the command that was run before everybody. */
export interface SaidMessage extends MessageBase {
  readonly kind: 'said';
  readonly user: string;
  readonly text: string;
  readonly addressed: boolean;
  readonly files: readonly GivenFile[];
}

/** A file that a person brought; `id` is its upload's. */
export interface GivenFile {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
}

/** One message of an answer. */
export interface AnswerMessage extends MessageBase {
  readonly kind: 'answer';
  /** Who asked. */
  readonly user: string;
  readonly text: string;
  readonly status: ReplyStatus;
  readonly note: string | null;
  readonly footer: string | null;
  /** Kinds, in the order in which they stand. */
  readonly buttons: readonly string[];
  readonly files: readonly FileInfo[];
}

/** Something that the bot told one person. */
export interface NoticeMessage extends MessageBase {
  readonly kind: 'notice';
  readonly user: string;
  /** What the person had typed, where nobody else saw that. */
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

/** The bot is at work on a question, or the question waits its turn. */
export interface ActivityItem extends Spot {
  readonly kind: 'activity';
  /** The question's id: its message's, where that is shown. */
  readonly id: string;
  readonly user: string;
  readonly activity: 'queued' | 'working' | 'thinking';
  /** How it stands in the queue; null if it does not wait for others. */
  readonly queue: string | null;
}

/** What the bar shows may have changed: ask `GET api/status` again. */
export interface StatusItem {
  readonly kind: 'status';
}

export type Item = Message | ActivityItem | StatusItem;

/** One event of `GET api/events`. */
export interface Changes {
  /** Whether this is all there is; else only what changed since the last one. */
  readonly reset: boolean;
  /** Each with the key that `removed` calls it by, newest state. */
  readonly items: readonly (readonly [key: string, item: Item])[];
  readonly removed: readonly string[];
}

/** `POST api/message`. Every post carries an id of the page's own making, so that a repeated one is not doubled. */
export interface PostMessage extends Spot {
  readonly id: string;
  readonly as: string;
  readonly text: string;
  /** Ids of uploads: `POST api/upload?id=…&as=…&name=…&type=…`, with the file's bytes as the body. */
  readonly files: readonly string[];
}

/** `POST api/command`. */
export interface PostCommand extends Spot {
  readonly id: string;
  readonly as: string;
  readonly command: string;
  readonly options: Readonly<Record<string, string | boolean>>;
  readonly files: readonly string[];
  /** What was typed, for people. */
  readonly text: string;
}

/** `GET api/admit`: whether a person may use a command at a spot. Where not, running it says why. */
export interface Admission {
  readonly ok: boolean;
}

/** `POST api/press`. */
export interface PostPress {
  readonly id: string;
  readonly as: string;
  readonly message: string;
  readonly button: string;
  /** What was filled into its form. */
  readonly given: Readonly<Record<string, string>>;
}

/** `POST api/remove`. */
export interface PostRemove {
  readonly as: string;
  readonly message: string;
}

/** `POST api/rename`: gives a thread another title. */
export interface PostRename {
  readonly as: string;
  readonly thread: string;
  readonly title: string;
}

/** What a refused request answers. */
export interface Problem {
  readonly problem: string;
}

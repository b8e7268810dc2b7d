import { z } from 'zod';
import type { Option } from './command.ts';

/** A button under an answer. Only this table knows the kinds of buttons; adapters show them and report presses by it. */
interface ButtonRow {
  readonly label: string;
  /** `primary` marks the button that most people want next. Plain by default. */
  readonly style?: 'primary';
  /** `asker`: the person who asked, and admins. `reader`: everybody who sees the answer. Core checks it at each press. */
  readonly who: 'asker' | 'reader';
  /** A title in words, if the label is a picture. */
  readonly title?: string;
  /** The effect on an answer, to follow "can". */
  readonly deed: string;
  /** The form shown before the press is reported; none by default. A model left empty means the one that answered. */
  readonly form?: Readonly<Record<string, Extract<Option, { type: 'model' | 'text' }>>>;
  /**
   * Name of a command that the platform runs instead of reporting a press: on the thread of the message and for the presser alone
   * (`optionsForOne`), as from a message's menu. None by default.
   */
  readonly command?: string;
  /** Whether the button belongs under a message at this moment. */
  readonly shown: (moment: Moment) => boolean;
  /** If more than five buttons apply, those with the lowest rank are dropped first, all of a rank together; by default never. */
  readonly rank?: number;
}

/** The facts that decide which buttons a message has. */
export interface Moment {
  /** `priced`: the asker has to accept a price first. `missed`: the question was sent while the bot was away and is old. */
  readonly state: 'running' | 'ended' | 'priced' | 'missed';
  /** Whether the answer came to its own end. */
  readonly isComplete?: boolean;
  /** Whether the answer was cut at the length limit. */
  readonly isCut?: boolean;
  /** Whether a thread that others can read may begin under it. */
  readonly mayContinueInThread?: boolean;
  /** Whether it announces that the bot listens in its thread. */
  readonly announcesListening?: boolean;
  /** Whether the model's reasoning is kept. */
  readonly hasReasoning?: boolean | undefined;
  /** Whether it stands in a readable thread that is long enough for a summary. */
  readonly isInLongThread?: boolean | undefined;
  /** Whether the question was edited after the answer ended. */
  readonly isEdited?: boolean;
}

/** The facts about a finished answer that do not change; stored with its record. */
export const endedMoment = z.object({
  state: z.literal('ended'),
  isComplete: z.boolean(),
  isCut: z.boolean(),
  mayContinueInThread: z.boolean(),
  announcesListening: z.boolean(),
  // Missing in answers that are older than this field.
  hasReasoning: z.boolean().exactOptional(),
  isInLongThread: z.boolean().exactOptional(),
});
export type EndedMoment = z.infer<typeof endedMoment>;

const hasEnded = ({ state }: Moment) => state === 'ended';
const isWhole = ({ state, isComplete }: Moment) => state === 'ended' && isComplete === true;

/** In display order. */
export const BUTTONS = {
  stop: {
    label: 'Stop',
    who: 'asker',
    deed: 'stop',
    shown: ({ state }) => state === 'running',
  },
  confirm: {
    label: 'Ask at this price',
    style: 'primary',
    who: 'asker',
    deed: 'ask for',
    shown: ({ state }) => state === 'priced',
  },
  answer: {
    label: 'Answer now',
    style: 'primary',
    who: 'asker',
    deed: 'ask for',
    shown: ({ state }) => state === 'missed',
  },
  retry: {
    label: 'Retry…',
    who: 'asker',
    deed: 'retry',
    form: { model: { type: 'model', description: 'The model that tries again. For all others: /model' } },
    shown: hasEnded,
  },
  edited: {
    label: 'Answer the edited question',
    style: 'primary',
    who: 'asker',
    deed: 'ask again for',
    shown: (moment) => hasEnded(moment) && moment.isEdited === true,
  },
  more: {
    label: 'Go on',
    style: 'primary',
    who: 'asker',
    deed: 'go on with',
    shown: (moment) => hasEnded(moment) && moment.isCut === true,
    rank: 8,
  },
  thinking: {
    label: 'Show thinking',
    who: 'reader',
    deed: 'look behind',
    shown: (moment) => hasEnded(moment) && moment.hasReasoning === true,
    rank: 6,
  },
  continue: {
    label: 'In a thread',
    who: 'asker',
    deed: 'continue',
    shown: (moment) => isWhole(moment) && moment.mayContinueInThread === true,
    rank: 5,
  },
  good: {
    label: '👍',
    title: 'Good answer',
    who: 'reader',
    deed: 'rate',
    shown: isWhole,
    rank: 4,
  },
  bad: {
    label: '👎',
    title: 'Bad answer',
    who: 'reader',
    deed: 'rate',
    form: {
      reason: { type: 'text', description: 'What was wrong? (optional)', maxChars: 1_000 },
    },
    shown: isWhole,
    rank: 4,
  },
  unlisten: {
    label: 'Stop listening',
    who: 'reader',
    deed: 'stop',
    shown: (moment) => hasEnded(moment) && moment.announcesListening === true,
    rank: 7,
  },
  summary: {
    label: 'Summarise thread',
    who: 'reader',
    deed: 'summarise',
    command: 'summarise',
    shown: (moment) => hasEnded(moment) && moment.isInLongThread === true,
    rank: 3,
  },
} as const satisfies Record<string, ButtonRow>;

export type ButtonKind = keyof typeof BUTTONS;

/** Kinds whose press is reported to core: all but those that run a command. */
export type PressKind = {
  [K in ButtonKind]: (typeof BUTTONS)[K] extends { readonly command: string } ? never : K;
}[ButtonKind];
const isPressKind = (kind: ButtonKind): kind is PressKind => !('command' in BUTTONS[kind]);

/** All kinds, in display order. */
export const BUTTON_KINDS = Object.keys(BUTTONS) as [ButtonKind, ...ButtonKind[]];

export const PRESS_KINDS = BUTTON_KINDS.filter(isPressKind);

export interface Button<K extends ButtonKind = ButtonKind> {
  readonly kind: K;
  /** Opaque, at most 40 characters of `[A-Za-z0-9_-]`; carries no authority. */
  readonly answerId: string;
}

/** Discord allows five in a row, and people take in no more. */
export const MAX_BUTTONS = 5;

/** The row of a kind, typed with the optional fields that some rows leave out. */
export function buttonRow(kind: ButtonKind): ButtonRow {
  return BUTTONS[kind];
}

/** Whether a text names a kind. Needed because clients can send any text. */
export function isButtonKind(text: string): text is ButtonKind {
  return Object.hasOwn(BUTTONS, text);
}

/** Whether a button's press is reported. If not, the platform runs the command of its row. */
export function isPress(button: Button): button is Button<PressKind> {
  return isPressKind(button.kind);
}

const rankOf = (kind: ButtonKind) => buttonRow(kind).rank ?? Number.POSITIVE_INFINITY;

/** The buttons of an answer's newest message at this moment, at most five. */
export function buttonsAt(answerId: string, moment: Moment): readonly Button[] {
  let kinds = BUTTON_KINDS.filter((kind) => BUTTONS[kind].shown(moment));
  while (kinds.length > MAX_BUTTONS) {
    const least = Math.min(...kinds.map(rankOf));
    kinds = kinds.filter((kind) => rankOf(kind) > least);
  }
  return kinds.map((kind) => ({ kind, answerId }));
}

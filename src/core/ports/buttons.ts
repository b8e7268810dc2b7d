import { z } from 'zod';
import type { Option } from './command.ts';

/** A button under an answer. The table is the only place that knows its kinds; adapters show and bring them as it says. */
interface ButtonRow {
  readonly label: string;
  /** `primary`: what most people want next. */
  readonly style: 'plain' | 'primary';
  /** `asker`: the person who asked, and admins. `reader`: everybody who sees it. Core decides at the press. */
  readonly who: 'asker' | 'reader';
  /** In words, if the label is a picture. */
  readonly title?: string;
  /** What it does to an answer, to stand behind "can". */
  readonly deed: string;
  /**
   * What the platform asks in a form before it brings the press; none if left out. A model that is left open is the one that
   * answered.
   */
  readonly form?: Readonly<Record<string, Extract<Option, { type: 'model' | 'text' }>>>;
  /** Whether it stands under a message at this moment. */
  readonly shown: (moment: Moment) => boolean;
  /** If more than five are shown, those with the lowest number go first, together. */
  readonly rank: number;
}

/** What decides which buttons a message has. */
export interface Moment {
  /** `priced`: a price that has to be agreed to. `missed`: a question that is old by now. */
  readonly state: 'running' | 'ended' | 'priced' | 'missed';
  /** Whether the answer came to its own end. */
  readonly isComplete?: boolean;
  /** Whether it was cut at its longest length. */
  readonly isCut?: boolean;
  /** Whether a thread that others read can begin under it. */
  readonly mayContinueInThread?: boolean;
  /** Whether it says that the bot listens in its thread. */
  readonly announcesListening?: boolean;
  /** Whether the model's reasoning is kept. */
  readonly hasReasoning?: boolean | undefined;
  /** Whether the question was edited since it ended. */
  readonly isEdited?: boolean;
}

/** What stays true of an answer that has ended; kept with its record. */
export const endedMoment = z.object({
  state: z.literal('ended'),
  isComplete: z.boolean(),
  isCut: z.boolean(),
  mayContinueInThread: z.boolean(),
  announcesListening: z.boolean(),
  // Left out of answers of before it was kept.
  hasReasoning: z.boolean().exactOptional(),
});
export type EndedMoment = z.infer<typeof endedMoment>;

const hasEnded = ({ state }: Moment) => state === 'ended';
const isWhole = ({ state, isComplete }: Moment) => state === 'ended' && isComplete === true;

/** In the order in which they stand. */
export const BUTTONS = {
  stop: {
    label: 'Stop',
    style: 'plain',
    who: 'asker',
    deed: 'stop',
    shown: ({ state }) => state === 'running',
    rank: 9,
  },
  confirm: {
    label: 'Ask at this price',
    style: 'primary',
    who: 'asker',
    deed: 'ask for',
    shown: ({ state }) => state === 'priced',
    rank: 9,
  },
  answer: {
    label: 'Answer now',
    style: 'primary',
    who: 'asker',
    deed: 'ask for',
    shown: ({ state }) => state === 'missed',
    rank: 9,
  },
  retry: {
    label: 'Retry…',
    style: 'plain',
    who: 'asker',
    deed: 'retry',
    form: { model: { type: 'model', description: 'The model that tries again. For all others: /model' } },
    shown: hasEnded,
    rank: 9,
  },
  edited: {
    label: 'Answer the edited question',
    style: 'primary',
    who: 'asker',
    deed: 'ask again for',
    shown: (moment) => hasEnded(moment) && moment.isEdited === true,
    rank: 9,
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
    style: 'plain',
    who: 'reader',
    deed: 'look behind',
    shown: (moment) => hasEnded(moment) && moment.hasReasoning === true,
    rank: 6,
  },
  continue: {
    label: 'In a thread',
    style: 'plain',
    who: 'asker',
    deed: 'continue',
    shown: (moment) => isWhole(moment) && moment.mayContinueInThread === true,
    rank: 5,
  },
  good: {
    label: '👍',
    title: 'Good answer',
    style: 'plain',
    who: 'reader',
    deed: 'rate',
    shown: isWhole,
    rank: 4,
  },
  bad: {
    label: '👎',
    title: 'Bad answer',
    style: 'plain',
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
    style: 'plain',
    who: 'reader',
    deed: 'stop',
    shown: (moment) => hasEnded(moment) && moment.announcesListening === true,
    rank: 7,
  },
} as const satisfies Record<string, ButtonRow>;

export type ButtonKind = keyof typeof BUTTONS;

/** All kinds, in the order in which they stand. */
export const BUTTON_KINDS = Object.keys(BUTTONS) as [ButtonKind, ...ButtonKind[]];

export interface Button {
  readonly kind: ButtonKind;
  /** Opaque, at most 40 characters of `[A-Za-z0-9_-]`; carries no authority. */
  readonly answerId: string;
}

/** Discord's most in a row, and as many as people take in. */
export const MAX_BUTTONS = 5;

/** The row of a kind, with what some rows leave out. */
export function buttonRow(kind: ButtonKind): ButtonRow {
  return BUTTONS[kind];
}

/** Whether a text names a kind: anybody can send any. */
export function isButtonKind(text: string): text is ButtonKind {
  return Object.hasOwn(BUTTONS, text);
}

/** The buttons of an answer's newest message at this moment, at most five. */
export function buttonsAt(answerId: string, moment: Moment): readonly Button[] {
  let kinds = BUTTON_KINDS.filter((kind) => BUTTONS[kind].shown(moment));
  while (kinds.length > MAX_BUTTONS) {
    const least = Math.min(...kinds.map((kind) => BUTTONS[kind].rank));
    kinds = kinds.filter((kind) => BUTTONS[kind].rank > least);
  }
  return kinds.map((kind) => ({ kind, answerId }));
}

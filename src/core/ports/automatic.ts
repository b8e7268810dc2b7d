/** What asks a model without anybody having asked for it. */
interface AutomaticRow {
  /** As people read it, at the beginning of a line. */
  readonly label: string;
  readonly does: string;
}

/**
 * Everything that spends by itself. Each has a switch for a guild (`/automatic`) and one for the installation (`AUTOMATIC`), and
 * is booked under its name. It counts towards limits on money, and is no request of anybody's.
 */
export const AUTOMATIC = {
  summaries: {
    label: 'Summaries',
    does: 'of conversations that no longer fit their model, so that nothing is forgotten',
  },
  titles: {
    label: 'Titles',
    does: 'of threads, after their first answer',
  },
} as const satisfies Record<string, AutomaticRow>;

export type Automatic = keyof typeof AUTOMATIC;

export const AUTOMATIC_NAMES = Object.keys(AUTOMATIC) as [Automatic, ...Automatic[]];

/** Whether it is on, by name. */
export type AutomaticSwitches = Readonly<Record<Automatic, boolean>>;

export function eachAutomatic(isOn: (name: Automatic) => boolean): AutomaticSwitches {
  return Object.fromEntries(AUTOMATIC_NAMES.map((name) => [name, isOn(name)])) as Record<Automatic, boolean>;
}

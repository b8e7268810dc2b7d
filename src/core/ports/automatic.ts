/** Something that asks a model although no person requested it. */
interface AutomaticRow {
  /** For people, at the beginning of a line. */
  readonly label: string;
  readonly does: string;
}

/**
 * Everything that asks models by itself. Each has a switch per guild (`/automatic`) and one for the installation
 * (`AUTOMATIC`), and its cost is booked under its name. It counts towards limits on money, but not as anybody's request.
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

export type AutomaticSwitches = Readonly<Record<Automatic, boolean>>;

export function eachAutomatic(isOn: (name: Automatic) => boolean): AutomaticSwitches {
  return Object.fromEntries(AUTOMATIC_NAMES.map((name) => [name, isOn(name)])) as Record<Automatic, boolean>;
}

/** Stacked bars, one per day: the chart of `/usage`. */
export interface DayChart {
  readonly title: string;
  /** ISO dates, oldest first. */
  readonly days: readonly string[];
  /** Largest first, at most six. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** Formats an amount for the axis and the legend. */
  format(value: number): string;
}

/** Draws a chart as a PNG; null if that fails. The fault is logged. */
export type DrawChart = (chart: DayChart) => Promise<Uint8Array | null>;

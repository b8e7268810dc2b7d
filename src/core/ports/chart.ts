/** Stacked bars over days: what the chart of `/usage` is. */
export interface DayChart {
  readonly title: string;
  /** ISO dates, oldest first. */
  readonly days: readonly string[];
  /** The biggest first; at most six. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** Words for an amount, on the axis and in the legend. */
  format(value: number): string;
}

/** Draws a chart as a PNG; null if it cannot be drawn, which is logged. */
export type DrawChart = (chart: DayChart) => Promise<Uint8Array | null>;

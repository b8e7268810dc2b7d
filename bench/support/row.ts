/** One figure that a benchmark measured. */
export interface Row {
  readonly name: string;
  readonly value: number;
  /** `×` for ratios. */
  readonly unit: string;
  /** The most that it should be; null where nothing is promised. */
  readonly wanted: number | null;
}

/** @param share in [0, 1] */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const value = sorted[Math.round((sorted.length - 1) * share)];
  if (value === undefined) throw new RangeError('no values');
  return value;
}

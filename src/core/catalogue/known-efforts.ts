import type { Effort } from '../ports/effort.ts';

export interface EffortRange {
  /** Lowest first; empty for none. */
  readonly efforts: readonly Effort[];
  /** The effort without a wish; null if unknown. */
  readonly defaultEffort: Effort | null;
}

const NO_EFFORTS: EffortRange = { efforts: [], defaultEffort: null };

function range(defaultEffort: Effort, ...efforts: readonly Effort[]): EffortRange {
  return { efforts, defaultEffort };
}

/**
 * The efforts of OpenAI's model families, if neither provider nor file gives them. The first match counts. If a model rejects a value,
 * the request is sent once more without it.
 * @see https://developers.openai.com/api/docs/guides/reasoning
 */
const FAMILIES: readonly (readonly [RegExp, EffortRange])[] = [
  [/(?:^|\/)gpt-\d[\w.]*-chat/, NO_EFFORTS],
  [/(?:^|\/)gpt-5-pro/, range('high', 'high')],
  [/(?:^|\/)gpt-5\.\d+-pro/, range('high', 'medium', 'high', 'xhigh')],
  [/(?:^|\/)gpt-5(?:\.1)?-codex(?!-max)/, range('medium', 'low', 'medium', 'high')],
  [/(?:^|\/)gpt-5\.1(?!\d)/, range('none', 'none', 'low', 'medium', 'high')],
  [/(?:^|\/)gpt-(?:5\.\d|[6-9])/, range('none', 'none', 'low', 'medium', 'high', 'xhigh')],
  [/(?:^|\/)gpt-5/, range('medium', 'minimal', 'low', 'medium', 'high')],
  [/(?:^|[/:])gpt-oss/, range('medium', 'low', 'medium', 'high')],
  [/(?:^|\/)o[134](?!-(?:mini-2024|preview))(?:-|$)/, range('medium', 'low', 'medium', 'high')],
];

/** The efforts that a model's name implies. */
export function knownEfforts(wireModel: string): EffortRange {
  return FAMILIES.find(([name]) => name.test(wireModel))?.[1] ?? NO_EFFORTS;
}

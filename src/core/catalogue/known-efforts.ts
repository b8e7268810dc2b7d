import type { Effort } from '../ports/effort.ts';

export interface EffortRange {
  /** The least first; empty for none. */
  readonly efforts: readonly Effort[];
  /** Unasked; null if that is not known. */
  readonly defaultEffort: Effort | null;
}

const NO_EFFORTS: EffortRange = { efforts: [], defaultEffort: null };

function range(defaultEffort: Effort, ...efforts: readonly Effort[]): EffortRange {
  return { efforts, defaultEffort };
}

/**
 * What OpenAI's families take, by their names, if neither provider nor file says. The first that fits counts. A value too many costs one
 * more request, which is refused at once: the question is then asked without.
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

/** What the name of a model says of its efforts. */
export function knownEfforts(wireModel: string): EffortRange {
  return FAMILIES.find(([name]) => name.test(wireModel))?.[1] ?? NO_EFFORTS;
}

import type { Model } from '../ports/model.ts';

/** People type at most that much of a name; what is longer is no name. */
const MAX_NAME_CHARS = 200;

/** How alike two names have to be, from 0 to 1, to be taken for a slip of the pen. */
const LEAST_LIKENESS = 0.4;
/** As alike as a part is to its whole. */
const PART_LIKENESS = 0.9;

/**
 * The model whose id this is, or the only one that is called so without its maker, with or without `:free`. Nothing is
 * folded or trimmed: a provider may read another spelling as another model.
 */
export function modelNamed(spelling: string, models: readonly Model[]): Model | null {
  const exact = models.find(({ id }) => id === spelling);
  if (exact) return exact;
  const named = models.filter(({ id }) => shortNames(id).includes(spelling));
  return named.length === 1 ? (named[0] as Model) : null;
}

/** Models whose id or name contains what was typed, or else is like it, best first. */
export function nearestModels(typed: string, models: readonly Model[]): Model[] {
  const wanted = fold(typed.slice(0, MAX_NAME_CHARS));
  if (wanted === '') return [];
  const matches = models
    .map((model) => ({ model, likeness: Math.max(...namesOf(model).map((name) => likeness(wanted, name))) }))
    .sort((a, b) => b.likeness - a.likeness);
  // Who typed part of a name has made no slip.
  const isPart = matches.some((match) => match.likeness >= PART_LIKENESS);
  const least = isPart ? PART_LIKENESS : LEAST_LIKENESS;
  return matches.filter((match) => match.likeness >= least).map(({ model }) => model);
}

function shortNames(id: string): string[] {
  const short = id.slice(id.indexOf('/') + 1);
  return short.endsWith(':free') ? [short, short.slice(0, -':free'.length)] : [short];
}

function namesOf({ id, name }: Model): string[] {
  return [id, ...shortNames(id), name].map(fold);
}

/** For comparing alone: what is left of "GPT-4o mini" is "gpt4omini". */
function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** 1 for the same, above 1/2 if one begins with or contains the other, else the share of letter pairs in common. */
function likeness(typed: string, name: string): number {
  if (typed === name) return 1;
  if (name.startsWith(typed)) return 0.95;
  if (name.includes(typed)) return PART_LIKENESS;
  const [some, others] = [pairs(typed), pairs(name)];
  const common = [...some].filter((pair) => others.has(pair)).length;
  return (2 * common) / (some.size + others.size || 1);
}

function pairs(text: string): Set<string> {
  return new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => text.slice(at, at + 2)));
}

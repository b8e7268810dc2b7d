import type { Model } from '../ports/model.ts';

/** Longer inputs cannot be a name. */
const MAX_NAME_CHARS = 200;

/** Two names that are less alike (from 0 to 1) are not taken for a typing error. */
const LEAST_LIKENESS = 0.4;
/** The likeness of a part to its whole. */
const PART_LIKENESS = 0.9;

/**
 * The model with this id, or the only one with this name after the maker, with or without `:free`. Case and spaces count,
 * because a provider may read another spelling as another model.
 */
export function modelNamed(spelling: string, models: readonly Model[]): Model | null {
  const exact = models.find(({ id }) => id === spelling);
  if (exact) return exact;
  const named = models.filter(({ id }) => shortNames(id).includes(spelling));
  return named.length === 1 ? (named[0] as Model) : null;
}

/** Models whose id or name contains the input, or else is similar, best first. */
export function nearestModels(typed: string, models: readonly Model[]): Model[] {
  const wanted = fold(typed.slice(0, MAX_NAME_CHARS));
  if (wanted === '') return [];
  const matches = models
    .map((model) => ({ model, likeness: Math.max(...namesOf(model).map((name) => likeness(wanted, name))) }))
    .sort((a, b) => b.likeness - a.likeness);
  // Somebody who typed part of a name made no typing error.
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

/** For comparison only: "GPT-4o mini" becomes "gpt4omini". */
function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** 1 if equal, above 1/2 if one contains the other, else the share of common letter pairs. */
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

import type { ChoiceOption } from '../../core/ports/command.ts';

/** An option with these values, in this order, each with its label. */
export function choice<const V extends string>(
  description: string,
  labels: Readonly<Record<V, string>>,
): ChoiceOption & { readonly choices: readonly { readonly value: V; readonly label: string }[] } {
  const entries = Object.entries(labels) as [V, string][];
  return { type: 'choice', description, choices: entries.map(([value, label]) => ({ value, label })) };
}

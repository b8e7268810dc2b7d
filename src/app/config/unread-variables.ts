import type { Environment } from './environment.ts';
import { VARIABLES } from './variables.ts';

/**
 * Letters in a name per spelling mistake that is tolerated. Names in `.env` were meant for Parley; names in the environment
 * may be anybody's.
 */
const LETTERS_PER_SLIP = { file: 4, process: 5 };

/** Names used by other bots and guides. */
const OTHERS_NAMES: ReadonlyMap<string, string> = new Map([
  ['DISCORD_BOT_TOKEN', 'DISCORD_TOKEN'],
  ['DISCORD_API_TOKEN', 'DISCORD_TOKEN'],
  ['DISCORD_KEY', 'DISCORD_TOKEN'],
  ['OPENROUTER_KEY', 'OPENROUTER_API_KEY'],
  ['OPENROUTER_TOKEN', 'OPENROUTER_API_KEY'],
  ['OPENAI_KEY', 'OPENAI_API_KEY'],
  ['OPENAI_TOKEN', 'OPENAI_API_KEY'],
  ['OPENAI_API_BASE', 'OPENAI_BASE_URL'],
  ['SLACK_TOKEN', 'SLACK_BOT_TOKEN'],
  ['SLACK_API_TOKEN', 'SLACK_BOT_TOKEN'],
  ['SLACK_BOT_USER_OAUTH_TOKEN', 'SLACK_BOT_TOKEN'],
  ['SLACK_APP_LEVEL_TOKEN', 'SLACK_APP_TOKEN'],
  ['SLACK_SIGNING_KEY', 'SLACK_SIGNING_SECRET'],
]);

/**
 * Remarks on settings without effect: names in `.env` that Parley does not read, and names in the environment that almost
 * match one. Contains no value.
 * @param others variables named by the models file
 */
export function unreadVariables({ variables, inFile }: Environment, others: readonly string[]): string[] {
  const read = new Map<string, string>(others.map((name) => [name, name]));
  for (const [name, { aliases = [] }] of Object.entries<{ aliases?: readonly string[] }>(VARIABLES)) {
    for (const each of [name, ...aliases]) read.set(each, name);
  }
  const isSet = (name: string) => [...read].some(([each, as]) => as === name && variables[each]?.trim());

  return Object.keys(variables).flatMap((name) => {
    if (read.has(name)) return [];
    const known = OTHERS_NAMES.get(name.toUpperCase());
    const meant = known ?? nearest(name, read, LETTERS_PER_SLIP[inFile.has(name) ? 'file' : 'process']);
    if (inFile.has(name)) {
      return [
        `${name} in .env is ignored.${meant === null ? ' Parley has no such setting.' : ` Did you mean ${meant}?`}`,
      ];
    }
    return meant === null || isSet(meant) ? [] : [`${name} is ignored. Did you mean ${meant}?`];
  });
}

/** The variable with the most similar name. */
function nearest(name: string, read: ReadonlyMap<string, string>, lettersPerSlip: number): string | null {
  const typed = fold(name);
  const [best] = [...read]
    .map(([each, as]) => ({ as, letters: fold(each).length, slips: editDistance(typed, fold(each)) }))
    .filter(({ letters, slips }) => slips <= Math.min(letters, typed.length) / lettersPerSlip)
    .toSorted((a, b) => a.slips - b.slips);
  return best?.as ?? null;
}

function fold(name: string): string {
  return name.toUpperCase().replaceAll('_', '');
}

/** The number of letters to insert, delete or change to turn one into the other. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [at, wanted] of [...other].entries()) {
      const [left = 0, above = 0, before = 0] = [next[at], row[at + 1], row[at]];
      next.push(Math.min(left + 1, above + 1, before + (letter === wanted ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

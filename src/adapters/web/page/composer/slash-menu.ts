import type { Role, Spot, Suggestion } from '../../wire.ts';
import { get } from '../model/api.ts';
import { type Completion, completionAt, quoted } from '../model/slash.ts';
import { isDm, type State, viewer } from '../model/state.ts';

export interface MenuItem {
  readonly label: string;
  readonly detail: string;
  /** The text that replaces the input. */
  readonly insert: string;
  /** Not for this person: shown for information; core refuses it. */
  readonly isLocked: boolean;
}

/** The suggestions at the caret. */
export interface Menu {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly items: readonly MenuItem[];
  /** Index of the item that Enter selects; -1 if Enter belongs to the text. */
  readonly active: number;
}

const RANK = { member: 0, admin: 1, operator: 2 } as const satisfies Record<Role, number>;
const MENTION = /(?:^|\s)(@[a-z]*)$/i;

/** Null if there is nothing to suggest. Asks the server for values that only it knows. */
export async function suggest(text: string, caret: number, state: State, spot: Spot): Promise<Menu | null> {
  const completion = completionAt(text, caret, state.info.commands);
  if (completion === null) return isDm(state, spot) ? null : mentionMenu(text.slice(0, caret));
  const { from, to } = completion;
  const offered = await offer(completion, state, spot);
  if (offered.items.length === 0) return null;
  // A complete word needs no completion: Enter sends.
  const isDone = offered.items.some(({ insert }) => insert === text.slice(from, to));
  return { ...offered, from, to, active: isDone || !offered.isEager ? -1 : 0 };
}

interface Offer {
  readonly title: string;
  readonly items: readonly MenuItem[];
  readonly isEager: boolean;
}

async function offer(completion: Completion, state: State, spot: Spot): Promise<Offer> {
  const { query } = completion;
  switch (completion.kind) {
    case 'command':
      return { title: 'Commands', items: commandItems(state, query), isEager: true };
    case 'option': {
      const options = completion.options.filter(({ name }) => name.startsWith(query));
      const items = options.map(({ name, description }) => item(`--${name}`, description, `--${name}`));
      return { title: `Options of /${completion.command.name}`, items, isEager: true };
    }
    case 'value': {
      const { option, isNamed } = completion;
      const items = (await valuesOf(completion, state, spot)).map(({ label, value }) =>
        item(label, label === value ? '' : value, quoted(value)),
      );
      return { title: option.description, items, isEager: isNamed || query !== '' };
    }
  }
}

function commandItems(state: State, query: string): MenuItem[] {
  const { commands } = state.info;
  const begin = commands.filter(({ name }) => name.startsWith(query));
  const contain = commands.filter(({ name }) => !name.startsWith(query) && name.includes(query));
  const sorted = [begin, contain].flatMap((list) =>
    list.toSorted((one, other) => one.name.localeCompare(other.name)),
  );
  return sorted.map((command) => ({
    label: `/${command.name}`,
    detail: command.description,
    insert: `/${command.name}`,
    isLocked: RANK[viewer(state).role] < RANK[command.role],
  }));
}

async function valuesOf(
  { command, option, query }: Extract<Completion, { kind: 'value' }>,
  { as }: State,
  spot: Spot,
): Promise<readonly Suggestion[]> {
  if (option.type === 'choice') {
    const wanted = query.toLowerCase();
    return option.choices.filter(({ label, value }) => `${label} ${value}`.toLowerCase().includes(wanted));
  }
  if (option.type !== 'model') return [];
  const asked = { as, ...spot, command: command.name, option: option.name, text: query };
  return await get<readonly Suggestion[]>('suggest', asked).catch(() => []);
}

function mentionMenu(before: string): Menu | null {
  const typed = MENTION.exec(before)?.[1];
  if (typed === undefined || !'@parley'.startsWith(typed.toLowerCase())) return null;
  const items = [item('@Parley', 'Ask Parley; it answers in a thread', '@Parley')];
  const { length: to } = before;
  return { title: 'People and apps', from: to - typed.length, to, items, active: 0 };
}

function item(label: string, detail: string, insert: string): MenuItem {
  return { label, detail, insert, isLocked: false };
}

import type { Role, RoomInfo, Spot, Suggestion } from '../../wire.ts';
import { get } from '../model/api.ts';
import { type Completion, completionAt, quoted } from '../model/slash.ts';

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

export interface MenuContext {
  readonly info: RoomInfo;
  readonly as: string;
  readonly role: Role;
  readonly spot: Spot;
  readonly isDm: boolean;
}

const RANK = { member: 0, admin: 1, operator: 2 } as const satisfies Record<Role, number>;
const MENTION = /(?:^|\s)(@[a-z]*)$/i;

/** Null if there is nothing to suggest. Asks the server for values that only it knows. */
export async function menuAt(text: string, caret: number, context: MenuContext): Promise<Menu | null> {
  const completion = completionAt(text, caret, context.info.commands);
  if (completion === null) return mentionMenu(text.slice(0, caret), context);
  const { from, to } = completion;
  const offered = await offer(completion, context);
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

async function offer(completion: Completion, context: MenuContext): Promise<Offer> {
  const { query } = completion;
  switch (completion.kind) {
    case 'command':
      return { title: 'Commands', items: commandItems(context, query), isEager: true };
    case 'option': {
      const options = completion.options.filter(({ name }) => name.startsWith(query));
      const items = options.map(({ name, description }) => item(`--${name}`, description, `--${name}`));
      return { title: `Options of /${completion.command.name}`, items, isEager: true };
    }
    case 'value': {
      const { option, isNamed } = completion;
      const items = (await valuesOf(completion, context)).map(({ label, value }) =>
        item(label, label === value ? '' : value, quoted(value)),
      );
      return { title: option.description, items, isEager: isNamed || query !== '' };
    }
  }
}

function commandItems({ info, role }: MenuContext, query: string): MenuItem[] {
  const begin = info.commands.filter(({ name }) => name.startsWith(query));
  const contain = info.commands.filter(({ name }) => !name.startsWith(query) && name.includes(query));
  const sorted = [begin, contain].flatMap((list) =>
    list.toSorted((one, other) => one.name.localeCompare(other.name)),
  );
  return sorted.map((command) => ({
    label: `/${command.name}`,
    detail: command.description,
    insert: `/${command.name}`,
    isLocked: RANK[role] < RANK[command.role],
  }));
}

async function valuesOf(
  { command, option, query }: Extract<Completion, { kind: 'value' }>,
  { as, spot }: MenuContext,
): Promise<readonly Suggestion[]> {
  if (option.type === 'choice') {
    const wanted = query.toLowerCase();
    return option.choices.filter(({ label, value }) => `${label} ${value}`.toLowerCase().includes(wanted));
  }
  if (option.type !== 'model') return [];
  const asked = { as, channel: spot.channel, thread: spot.thread };
  return await get<readonly Suggestion[]>('suggest', {
    ...asked,
    command: command.name,
    option: option.name,
    text: query,
  }).catch(() => []);
}

function mentionMenu(before: string, { isDm }: MenuContext): Menu | null {
  const typed = MENTION.exec(before)?.[1];
  if (typed === undefined || isDm || !'@parley'.startsWith(typed.toLowerCase())) return null;
  const items = [item('@Parley', 'Ask Parley; it answers in a thread', '@Parley')];
  return {
    title: 'People and apps',
    from: before.length - typed.length,
    to: before.length,
    items,
    active: 0,
  };
}

function item(label: string, detail: string, insert: string): MenuItem {
  return { label, detail, insert, isLocked: false };
}

import { auditRecord } from '../access/audit.ts';
import {
  type AccessLists,
  entriesOf,
  type Listed,
  type ListName,
  listedInWords,
  withListed,
} from '../access/lists.ts';
import { createCollection } from '../coordination/collection.ts';
import type { Clock } from '../kit/time/clock.ts';
import { type GuildId, placeOf } from '../ports/actor.ts';
import { type Automatic, type AutomaticSwitches, eachAutomatic } from '../ports/automatic.ts';
import type { Effort } from '../ports/effort.ts';
import type { ChannelRules, Place } from '../ports/events.ts';
import type { LogRecord, Store } from '../ports/store.ts';
import type { Conversation } from './conversation.ts';
import type { Conversations } from './conversations.ts';
import type { Instructions } from './instructions.ts';
import type { Persona, Personas } from './personas.ts';
import { applyChange, type Setting, type SettingChange, settingSchema } from './setting.ts';

export type SettingScope = 'conversation' | 'channel' | 'guild';

/** The place of a setting, and the conversation there if one has begun. */
export interface SettingTarget {
  readonly place: Place;
  readonly conversation: string | null;
}

interface Origin {
  readonly scope: SettingScope;
  /** The persona from which the setting comes; null if it was set by itself. */
  readonly persona: string | null;
}

export interface ModelSetting extends Origin {
  readonly model: string;
}

export interface EffortSetting extends Origin {
  readonly effort: Effort;
}

/** A person's own settings. */
export type PersonSetting = Pick<Setting, 'whole'>;

/** The settings that apply at a place. */
export interface SettingsHere {
  /** The narrowest setting; null if there is none. Access is checked on each use. */
  readonly model: ModelSetting | null;
  /** The narrowest setting; null if there is none. Limited to what model and tier allow. */
  readonly effort: EffortSetting | null;
  /** The narrowest one; null for none. */
  readonly persona: { readonly persona: Persona; readonly scope: SettingScope } | null;
  /** All of them, widest first; a persona's come after those of its level. */
  readonly instructions: readonly Instructions[];
  /** The model if the chosen one fails: the channel's, else the guild's; null for none. Access is checked on each use. */
  readonly fallback: string | null;
  /** Whether a question may search the web without being asked to. */
  readonly webSearch: boolean;
  /** Whether answers are shown complete instead of growing: by the person's setting, else the channel's, else the guild's. */
  readonly whole: boolean;
  /** Who may use the bot here. */
  readonly lists: AccessLists;
  /** Whether a question includes its thread. Default true. */
  readonly readsContext: boolean;
  /** Automatic tasks. Default: all are on. */
  readonly automatic: AutomaticSwitches;
}

export interface AccessChange extends Listed {
  readonly guild: GuildId;
  /** The list on which it stands from now on; null for none. */
  readonly to: ListName | null;
  /** The person who changes it, for the audit log. */
  readonly by: string;
}

export interface SettingsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly conversations: Pick<Conversations, 'change'>;
  readonly personas: Pick<Personas, 'get'>;
  /** The operator's instructions, for every guild; null for none. */
  readonly instructions: string | null;
  /** Automatic tasks that the operator allows. */
  readonly automatic: ReadonlySet<Automatic>;
}

/** Narrowest first. */
const SCOPES = ['conversation', 'channel', 'guild'] as const satisfies readonly SettingScope[];

export type Settings = ReturnType<typeof createSettings>;

/** Settings by conversation, channel and guild; the narrowest counts. Instructions are added to wider ones. */
export function createSettings(options: SettingsOptions) {
  const { store, clock, conversations, personas } = options;
  const settings = createCollection(store, 'settings', settingSchema);

  async function changeAt(key: string, change: SettingChange, record?: LogRecord): Promise<void> {
    const apply = (before: Setting = {}) => {
      const after = applyChange(before, change);
      return Object.keys(after).length === 0 ? undefined : after;
    };
    await settings.change(key, apply, { record });
  }

  /** Changes them, with an entry in the audit log. Resolves to false, with nothing changed, if the list is full. */
  async function changeAccess({ guild, to, by, ...listed }: AccessChange): Promise<boolean> {
    for (;;) {
      const seen = await settings.look(guildKey(guild));
      const { lists = {}, ...rest } = seen.value ?? {};
      const next = withListed(lists, listed, to);
      if (next === null) return false;
      const isMeant = ({ kind, id }: Listed) => kind === listed.kind && id === listed.id;
      const from = entriesOf(lists).find(isMeant)?.list ?? null;
      if (from === to) return true;
      const after = Object.keys(next).length === 0 ? rest : { ...rest, lists: next };
      const words = (list: ListName | null) => list && `${list} ${listedInWords(guild, listed)}`;
      const facts = { guild, by, atMs: clock.now(), action: 'access.change', reason: '' };
      const record = auditRecord({ ...facts, from: words(from), to: words(to) });
      const value = Object.keys(after).length === 0 ? undefined : after;
      if (await settings.replace(guildKey(guild), seen, value, record)) return true;
    }
  }

  return {
    async at({
      place,
      conversation,
      user,
    }: {
      readonly place: Place;
      /** The asker, if their own settings are to count. */
      readonly user?: string;
      /** May be a promise, so that both are read at the same time. */
      readonly conversation: Conversation | null | Promise<Conversation | null>;
    }): Promise<SettingsHere> {
      const [channel, guild] = [channelKey(place), guildKey(place.guild)];
      const own = user === undefined ? [] : [personKey(place.guild, user)];
      const [values, begun] = await Promise.all([settings.getMany([channel, guild, ...own]), conversation]);
      const person = values.get(own[0] ?? '') ?? {};
      const levels: Record<SettingScope, Setting> = {
        conversation: begun ?? {},
        channel: values.get(channel) ?? {},
        guild: values.get(guild) ?? {},
      };
      const chosen = SCOPES.find((scope) => levels[scope].persona !== undefined);
      const name = chosen === undefined ? null : (levels[chosen].persona ?? null);
      const found = name === null ? null : await personas.get(place.guild, name);
      const persona = found === null || chosen === undefined ? null : { persona: found, scope: chosen };
      return {
        persona,
        model: chosenIn(levels, persona, ({ model }) => model !== undefined && { model }),
        effort: chosenIn(levels, persona, ({ effort }) => effort !== undefined && { effort }),
        fallback: levels.channel.fallback ?? levels.guild.fallback ?? null,
        readsContext: levels.channel.context ?? levels.guild.context ?? true,
        automatic: eachAutomatic((name) => options.automatic.has(name) && (levels.guild[name] ?? true)),
        webSearch: levels.channel.webSearch ?? levels.guild.webSearch ?? false,
        whole: person.whole ?? levels.channel.whole ?? levels.guild.whole ?? false,
        lists: levels.guild.lists ?? {},
        instructions: instructionsOf(levels, persona, place.guild, options.instructions),
      };
    },
    /** The rules of a channel. */
    async channel(place: Pick<Place, 'guild' | 'channel'>): Promise<ChannelRules> {
      const { mention = true, inThread } = (await settings.get(channelKey(place))) ?? {};
      return { hearsAll: !mention, inThread: inThread ?? null };
    },
    /** The people who may use the bot in a guild, and the channels where they may. */
    lists: async (guild: GuildId) => (await settings.get(guildKey(guild)))?.lists ?? {},
    /** Changes the settings of one level; of channel and guild with an entry in the audit log, if one is given. */
    async change(
      scope: SettingScope,
      { place, conversation }: SettingTarget,
      change: SettingChange,
      record?: LogRecord,
    ): Promise<void> {
      if (scope === 'conversation') {
        if (conversation === null) throw new Error('there is no conversation for this setting');
        await conversations.change(conversation, (before) => applyChange(before, change));
      } else await changeAt(scope === 'channel' ? channelKey(place) : guildKey(place.guild), change, record);
    },
    changeAccess,
    /** A person's own settings in a guild. */
    person: async (guild: GuildId, user: string) => (await settings.get(personKey(guild, user))) ?? {},
    changePerson: (guild: GuildId, user: string, change: { readonly whole: boolean | undefined }) =>
      changeAt(personKey(guild, user), change),
    async forgetPerson(guild: GuildId, user: string): Promise<void> {
      await settings.delete(personKey(guild, user));
    },
    /** Removes the settings of a guild, its channels and people, except who may use the bot. Conversations keep their own. */
    async forgetGuild(guild: GuildId): Promise<void> {
      await settings.change(guildKey(guild), (before) => before?.lists && { lists: before.lists });
      for (const level of ['channel', 'person'])
        for await (const key of settings.keys(`${level}/${guild}/`)) await settings.delete(key);
    },
  };
}

/** A persona's setting counts at the level where the persona is set, after one set there by itself. */
function chosenIn<C extends object>(
  levels: Readonly<Record<SettingScope, Setting>>,
  chosen: SettingsHere['persona'],
  choiceIn: (of: Setting | Persona) => C | false,
): (C & Origin) | null {
  for (const scope of SCOPES) {
    const own = choiceIn(levels[scope]);
    if (own) return { ...own, scope, persona: null };
    const ofPersona = chosen?.scope === scope && choiceIn(chosen.persona);
    if (ofPersona) return { ...ofPersona, scope, persona: chosen.persona.name };
  }
  return null;
}

function instructionsOf(
  levels: Readonly<Record<SettingScope, Setting>>,
  chosen: SettingsHere['persona'],
  guild: GuildId,
  ofOperator: string | null,
): readonly Instructions[] {
  const from = { conversation: 'this conversation', channel: 'this channel', guild: placeOf(guild) };
  return [
    ...(ofOperator === null ? [] : [{ from: 'the operator of this bot', text: ofOperator }]),
    ...SCOPES.toReversed().flatMap((scope): Instructions[] => {
      const { instructions } = levels[scope];
      return [
        ...(instructions === undefined ? [] : [{ from: from[scope], text: instructions.text }]),
        ...(chosen?.scope === scope
          ? [{ from: `the persona ${chosen.persona.name}`, text: chosen.persona.instructions }]
          : []),
      ];
    }),
  ];
}

function channelKey({ guild, channel }: Pick<Place, 'guild' | 'channel'>): string {
  return `channel/${guild}/${channel}`;
}

function personKey(guild: GuildId, user: string): string {
  return `person/${guild}/${user}`;
}

function guildKey(guild: GuildId): string {
  return `guild/${guild}`;
}

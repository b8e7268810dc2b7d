import type { AccessLists } from '../access/lists.ts';
import { createCollection } from '../coordination/collection.ts';
import type { Locks } from '../coordination/locks.ts';
import { type GuildId, placeOf } from '../ports/actor.ts';
import { type Automatic, type AutomaticSwitches, eachAutomatic } from '../ports/automatic.ts';
import type { Effort } from '../ports/effort.ts';
import type { ChannelRules, Place } from '../ports/events.ts';
import type { Store } from '../ports/store.ts';
import type { Conversation, Conversations } from './conversations.ts';
import type { Instructions } from './instructions.ts';
import type { Persona, Personas } from './personas.ts';
import { applyChange, type Setting, type SettingChange, settingSchema } from './setting.ts';

export type SettingScope = 'conversation' | 'channel' | 'guild';

/** Where a setting may hang: a place, and the conversation there if one has begun. */
export interface SettingTarget {
  readonly place: Place;
  readonly conversation: string | null;
}

interface Origin {
  readonly scope: SettingScope;
  /** The persona whose choice it is; null if it was chosen by itself. */
  readonly persona: string | null;
}

export interface ModelSetting extends Origin {
  readonly model: string;
}

export interface EffortSetting extends Origin {
  readonly effort: Effort;
}

/** What a person can choose for themselves. */
export type PersonSetting = Pick<Setting, 'whole'>;

/** What counts at a place. */
export interface SettingsHere {
  /** The narrowest choice; null if nobody chose. It is a wish: access is checked on use. */
  readonly model: ModelSetting | null;
  /** The narrowest choice; null if nobody chose. A wish too: model and tier hold it to what they allow. */
  readonly effort: EffortSetting | null;
  /** The narrowest; null for none. */
  readonly persona: { readonly persona: Persona; readonly scope: SettingScope } | null;
  /** All of them, the widest first, that of the persona behind those of its level. */
  readonly instructions: readonly Instructions[];
  /** The model that answers where the chosen one fails: the channel's, else the guild's; null if nobody chose. A wish too. */
  readonly fallback: string | null;
  /** Whether a question may search the web though nobody asked for it. */
  readonly webSearch: boolean;
  /** Whether answers are shown whole instead of growing: the person's choice, else the channel's, else the guild's. */
  readonly whole: boolean;
  /** Who may use the bot here. */
  readonly lists: AccessLists;
  /** Whether a question brings the thread that it stands in; it does by default. */
  readonly readsContext: boolean;
  /** What may spend by itself; all of it does by default. */
  readonly automatic: AutomaticSwitches;
}

/** Choices by conversation, channel and guild; the narrowest one counts. Instructions add to wider ones. */
export interface Settings {
  at(target: {
    readonly place: Place;
    /** Who asks, if what they chose for themselves is to count. */
    readonly user?: string;
    /** Read at the same time, if it is a promise. */
    readonly conversation: Conversation | null | Promise<Conversation | null>;
  }): Promise<SettingsHere>;
  /** How the bot answers in a channel. */
  channel(place: Pick<Place, 'guild' | 'channel'>): Promise<ChannelRules>;
  /** Who may use the bot in a guild, and where. */
  lists(guild: GuildId): Promise<AccessLists>;
  /** Changes them. Resolves to false, with nothing changed, if `change` gives null. */
  changeLists(guild: GuildId, change: (before: AccessLists) => AccessLists | null): Promise<boolean>;
  /** Changes what is set at one level; a function is given what is set there now. */
  change(
    scope: SettingScope,
    target: SettingTarget,
    change: SettingChange | ((before: Setting) => SettingChange),
  ): Promise<void>;
  /** What a person chose for themselves in a guild. */
  person(guild: GuildId, user: string): Promise<PersonSetting>;
  changePerson(guild: GuildId, user: string, change: { readonly whole: boolean | undefined }): Promise<void>;
  forgetPerson(guild: GuildId, user: string): Promise<void>;
  /** Takes back all that was chosen for a guild, its channels and people, but not who may use the bot; a conversation's choice goes with it. */
  forgetGuild(guild: GuildId): Promise<void>;
}

export interface SettingsOptions {
  readonly store: Store;
  readonly locks: Locks;
  readonly conversations: Pick<Conversations, 'configure'>;
  readonly personas: Pick<Personas, 'get'>;
  /** The operator's, for every guild; null for none. */
  readonly instructions: string | null;
  /** What the operator lets spend by itself. */
  readonly automatic: ReadonlySet<Automatic>;
}

/** Narrowest first. */
const SCOPES = ['conversation', 'channel', 'guild'] as const satisfies readonly SettingScope[];

export function createSettings(options: SettingsOptions): Settings {
  const { store, locks, conversations, personas } = options;
  const settings = createCollection(store, 'settings', { version: 1, schema: settingSchema });

  async function changeAt(
    key: string,
    change: SettingChange | ((before: Setting) => SettingChange),
  ): Promise<void> {
    await locks.hold(`settings/${key}`, async (lock) => {
      const held = settings.under(lock);
      const before = (await held.get(key)) ?? {};
      const after = applyChange(before, typeof change === 'function' ? change(before) : change);
      if (Object.keys(after).length === 0) await held.delete(key);
      else await held.set(key, after);
    });
  }

  return {
    async at({ place, conversation, user }) {
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
    async channel(place) {
      const { mention = true, inThread } = (await settings.get(channelKey(place))) ?? {};
      return { hearsAll: !mention, inThread: inThread ?? null };
    },
    lists: async (guild) => (await settings.get(guildKey(guild)))?.lists ?? {},
    async change(scope, { place, conversation }, change) {
      if (scope === 'conversation') {
        if (conversation === null) throw new Error('there is no conversation to set anything for');
        if (typeof change === 'function') throw new Error('a conversation is changed by values alone');
        return conversations.configure(conversation, change);
      }
      await changeAt(scope === 'channel' ? channelKey(place) : guildKey(place.guild), change);
    },
    async changeLists(guild, change) {
      let isChanged = true;
      await changeAt(guildKey(guild), ({ lists = {} }) => {
        const next = change(lists);
        isChanged = next !== null;
        return next === null ? {} : { lists: Object.keys(next).length === 0 ? undefined : next };
      });
      return isChanged;
    },
    person: async (guild, user) => (await settings.get(personKey(guild, user))) ?? {},
    changePerson: (guild, user, change) => changeAt(personKey(guild, user), change),
    async forgetPerson(guild, user) {
      await settings.delete(personKey(guild, user));
    },
    async forgetGuild(guild) {
      const { lists } = (await settings.get(guildKey(guild))) ?? {};
      if (lists === undefined) await settings.delete(guildKey(guild));
      else await settings.set(guildKey(guild), { lists });
      for (const level of ['channel', 'person'])
        for await (const key of settings.keys(`${level}/${guild}/`)) await settings.delete(key);
    },
  };
}

/** A persona's choice counts as if made where the persona is set, behind one that was made there by itself. */
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

import { z } from 'zod';
import { createCollection } from '../coordination/collection.ts';
import type { GuildId } from '../ports/actor.ts';
import type { Place } from '../ports/events.ts';
import type { Store } from '../ports/store.ts';
import type { Conversations } from './conversations.ts';

export type SettingScope = 'conversation' | 'channel' | 'guild';

const settingsSchema = z.object({
  model: z.string().optional(),
  /** Whether questions bring the thread that they stand in. */
  context: z.boolean().optional(),
});

/** Where a setting may hang: a place, and the conversation there if one has begun. */
export interface SettingTarget {
  readonly place: Place;
  readonly conversation: string | null;
}

export interface ModelChoice {
  readonly model: string;
  readonly scope: SettingScope;
}

/** Model choices by conversation, channel and guild; the narrowest one counts. */
export interface Settings {
  /** The choice that counts here; null where nobody chose. It is a wish: access is checked on use. */
  model(target: SettingTarget): Promise<ModelChoice | null>;
  /** Sets the choice, or takes it back with null. */
  setModel(scope: SettingScope, target: SettingTarget, model: string | null): Promise<void>;
  /** Whether a question brings the thread that it stands in: as the channel says, else the guild, else yes. */
  readsContext(place: Place): Promise<boolean>;
  /** Says so for a channel or for all channels; null takes it back. */
  setContext(
    scope: Exclude<SettingScope, 'conversation'>,
    place: Place,
    isRead: boolean | null,
  ): Promise<void>;
  /** Takes back all that was chosen for a guild and its channels; a conversation's choice goes with it. */
  forgetGuild(guild: GuildId): Promise<void>;
}

export function createSettings(
  store: Store,
  conversations: Pick<Conversations, 'get' | 'setModel'>,
): Settings {
  const settings = createCollection(store, 'settings', { version: 1, schema: settingsSchema });

  async function change(key: string, changes: z.infer<typeof settingsSchema>): Promise<void> {
    const { model, context } = { ...(await settings.get(key)), ...changes };
    if (model === undefined && context === undefined) await settings.delete(key);
    else await settings.set(key, { model, context });
  }

  return {
    async model({ place, conversation }) {
      const keys = [channelKey(place), guildKey(place.guild)];
      const [own, values] = await Promise.all([
        conversation === null ? null : conversations.get(conversation),
        settings.getMany(keys),
      ]);
      if (own?.model !== undefined) return { model: own.model, scope: 'conversation' };
      const [ofChannel, ofGuild] = keys.map((key) => values.get(key)?.model);
      if (ofChannel !== undefined) return { model: ofChannel, scope: 'channel' };
      return ofGuild === undefined ? null : { model: ofGuild, scope: 'guild' };
    },
    async setModel(scope, { place, conversation }, model) {
      if (scope === 'conversation') {
        if (conversation === null) throw new Error('there is no conversation to set a model for');
        return conversations.setModel(conversation, model);
      }
      const key = scope === 'channel' ? channelKey(place) : guildKey(place.guild);
      await change(key, { model: model ?? undefined });
    },
    async readsContext(place) {
      const keys = [channelKey(place), guildKey(place.guild)];
      const values = await settings.getMany(keys);
      return keys.map((key) => values.get(key)?.context).find((context) => context !== undefined) ?? true;
    },
    async setContext(scope, place, isRead) {
      const key = scope === 'channel' ? channelKey(place) : guildKey(place.guild);
      await change(key, { context: isRead ?? undefined });
    },
    async forgetGuild(guild) {
      await settings.delete(guildKey(guild));
      for await (const key of settings.keys(`channel/${guild}/`)) await settings.delete(key);
    },
  };
}

function channelKey({ guild, channel }: Place): string {
  return `channel/${guild}/${channel}`;
}

function guildKey(guild: GuildId): string {
  return `guild/${guild}`;
}

import { z } from 'zod';
import type { GuildId } from '../actor.ts';
import type { Place } from '../adapter.ts';
import { createCollection } from '../collection.ts';
import type { Store } from '../store.ts';

export const SETTING_SCOPES = ['conversation', 'channel', 'guild'] as const;
export type SettingScope = (typeof SETTING_SCOPES)[number];

const settingsSchema = z.object({ model: z.string().optional() });

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
  /** Takes back all that was chosen in a conversation … */
  forgetConversation(conversation: string): Promise<void>;
  /** … or anywhere in a guild. */
  forgetGuild(guild: GuildId): Promise<void>;
}

export function createSettings(store: Store): Settings {
  const settings = createCollection(store.keyv('settings'), { version: 1, schema: settingsSchema });

  return {
    async model(target) {
      const scoped = SETTING_SCOPES.flatMap((scope) => {
        const key = keyOf(scope, target);
        return key === null ? [] : [{ scope, key }];
      });
      const values = await settings.getMany(scoped.map(({ key }) => key));
      for (const { scope, key } of scoped) {
        const model = values.get(key)?.model;
        if (model !== undefined) return { model, scope };
      }
      return null;
    },
    async setModel(scope, target, model) {
      const key = keyOf(scope, target);
      if (key === null) throw new Error('there is no conversation to set a model for');
      if (model === null) await settings.delete(key);
      else await settings.set(key, { model });
    },
    async forgetConversation(conversation) {
      await settings.delete(`conversation/${conversation}`);
    },
    async forgetGuild(guild) {
      // Conversations' ids begin with their guild.
      const whole = `guild/${guild}`;
      const parts = [`channel/${guild}/`, `conversation/${guild}/`];
      for await (const key of settings.keys()) {
        if (key === whole || parts.some((part) => key.startsWith(part))) await settings.delete(key);
      }
    },
  };
}

function keyOf(scope: SettingScope, { place, conversation }: SettingTarget): string | null {
  switch (scope) {
    case 'conversation':
      return conversation === null ? null : `conversation/${conversation}`;
    case 'channel':
      return `channel/${place.guild}/${place.channel}`;
    case 'guild':
      return `guild/${place.guild}`;
  }
}

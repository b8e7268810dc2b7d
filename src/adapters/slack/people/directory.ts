import type { Logger } from 'pino';
import type { Clock } from '../../../core/kit/clock.ts';
import type { Actor } from '../../../core/ports/actor.ts';
import type { Place } from '../../../core/ports/events.ts';
import { guildOf, userOf } from '../api/places.ts';
import type { Workspace } from '../api/workspace.ts';
import type { Channel, Channels } from './channels.ts';
import { belongsTo, createPeople, type User } from './people.ts';
import { createUserGroups } from './user-groups.ts';

/** People and channels, as core names them. */
export interface Directory {
  /** A person of the workspace, or an outsider in a shared channel. Never rejects. */
  actor(user: string): Promise<Actor>;
  /** The display name of a person, handle of a user group or name of a public channel, by id; null if Slack does not say. */
  name(user: string): Promise<string | null>;
  /** The place with its channel's name, for a person in that channel; without it if Slack does not say. Never rejects. */
  named(place: Place, channel: string): Promise<Place>;
}

/** Prefixes of channel ids; those of direct messages differ. */
const CHANNEL = /^[CG]/;

export function createDirectory(
  workspace: Workspace,
  channels: Channels,
  clock: Clock,
  log: Logger,
  signal: AbortSignal,
): Directory {
  const people = createPeople({ workspace, clock, log, signal });
  const userGroups = createUserGroups(workspace, clock, log, signal);

  async function find(user: string): Promise<User | null> {
    try {
      return await people.get(user);
    } catch (error) {
      log.warn({ err: error, user }, 'could not look up a user');
      return null;
    }
  }

  async function channelOf(channel: string): Promise<Channel> {
    try {
      return await channels.get(channel);
    } catch (error) {
      log.info({ err: error, channel }, 'could not look up a channel');
      return {};
    }
  }

  async function name(id: string): Promise<string | null> {
    if (id.startsWith('S')) return userGroups.handleOf(id);
    if (!CHANNEL.test(id)) return userName(id);
    const { name, is_private } = await channelOf(id);
    // Somebody outside a private channel must not learn its name from its id.
    return is_private === true ? null : (name ?? null);
  }

  async function userName(user: string): Promise<string | null> {
    const found = await find(user);
    const names = [found?.profile?.display_name, found?.profile?.real_name, found?.real_name, found?.name];
    return names.find((candidate) => candidate !== undefined && candidate.trim() !== '') ?? null;
  }

  return {
    name,
    async named(place, channel) {
      if (!CHANNEL.test(channel)) return place;
      const { name, is_mpim } = await channelOf(channel);
      // Slack generates the names of group messages.
      return name === undefined || is_mpim === true ? place : { ...place, channelName: name };
    },
    async actor(user) {
      const known = await find(user);
      return {
        // In doubt the person counts as an outsider, which opens nothing.
        isOutsider: known === null || !belongsTo(workspace.team, known),
        guild: guildOf(workspace.team),
        user: userOf(workspace.team, user),
        name: (await userName(user)) ?? 'Somebody',
        async managesGuild() {
          const found = await find(user);
          if (found === null || found.deleted || found.team_id !== workspace.team) return false;
          return found.is_admin === true || found.is_owner === true;
        },
        groups: () => userGroups.of(user),
      };
    },
  };
}

import type { AuditEntry, AuditLog } from '../access/audit.ts';
import { type GuildId, platformOf } from '../actor.ts';
import type { Clock } from '../clock.ts';
import { type GuildRules, type LimitRules, rulesFor } from '../ledger/limit-rules.ts';
import type { UsageLog, UsageRecord } from '../ledger/usage.ts';
import type { AnswerRecord, AnswerRecords } from './answer-records.ts';
import type { Chat } from './chat.ts';
import type { Conversations, Turn } from './conversations.ts';
import type { LiveAnswer, LiveAnswers } from './live-answers.ts';
import type { Settings } from './settings.ts';

/**
 * What people may have forgotten, and may see. Tiers, limits and their log stay: they are what others decided. So do the
 * counters of the ledger, which would else begin anew.
 */
export interface Privacy {
  /** Forgets a conversation with all that hangs on it, and stops its answers. */
  forgetConversation(id: string): Promise<void>;
  /** Forgets what a person asked in a guild, what was answered, and what it cost; stops their answers. */
  forgetPerson(guild: GuildId, user: string): Promise<Forgotten>;
  /** Forgets all of a guild's conversations, choices and costs, and stops its answers. */
  forgetGuild(guild: GuildId, by: string): Promise<Forgotten>;
  /** All that is stored about a person in a guild. */
  dataOf(guild: GuildId, user: string): Promise<PersonalData>;
}

export interface Forgotten {
  /** Questions with their answers of a person, or conversations of a guild. */
  readonly remembered: number;
  /** Requests whose cost was on record. */
  readonly requests: number;
}

export interface PersonalData {
  readonly guild: GuildId;
  readonly user: string;
  readonly exportedAtMs: number;
  readonly turns: readonly (Turn & { readonly conversation: string })[];
  /** What the buttons under answers stand for. */
  readonly answers: readonly AnswerRecord[];
  readonly requests: readonly UsageRecord[];
  /** Limits that admins set for this person. */
  readonly limits: GuildRules['users'][string];
  /** What the person changed for the guild. */
  readonly changes: readonly AuditEntry[];
}

export interface PrivacyOptions {
  readonly chat: Pick<Chat, 'forget' | 'forgetGuild'>;
  readonly live: LiveAnswers;
  readonly conversations: Conversations;
  readonly answers: AnswerRecords;
  readonly settings: Settings;
  readonly usage: UsageLog;
  readonly limits: LimitRules;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/** An answer that was stopped takes a moment to settle; longer where its platform is slow to take the last edit. */
const MAX_WAIT_MS = 10_000;
const LOOK_EVERY_MS = 50;

export function createPrivacy(options: PrivacyOptions): Privacy {
  const { chat, live, conversations, answers, settings, usage, limits, audit, clock } = options;

  /** Ends what is under way here, and waits until its cost is on record, so that this is forgotten too. */
  async function stopAnswers(matches: (answer: LiveAnswer) => boolean): Promise<void> {
    for (const { stop } of live.find(matches)) stop({ kind: 'forgotten' });
    const untilMs = clock.now() + MAX_WAIT_MS;
    while (live.find(matches).length > 0 && clock.now() < untilMs) await clock.sleep(LOOK_EVERY_MS);
  }

  return {
    async forgetConversation(id) {
      await chat.forget(id);
      await settings.forgetConversation(id);
      await answers.forget((record) => record.conversation === id);
    },

    async forgetPerson(guild, user) {
      await stopAnswers((answer) => answer.guild === guild && answer.user === user);
      const remembered = await conversations.forgetPerson(guild, user);
      await answers.forget((record) => record.guild === guild && record.user === user);
      return { remembered, requests: await usage.remove({ of: { guild, user } }) };
    },

    async forgetGuild(guild, by) {
      const atMs = clock.now();
      const from = 'conversations, choices and costs';
      await audit.append({ guild, by, atMs, action: 'guild.forget', from, to: null, reason: '' });
      await stopAnswers((answer) => answer.guild === guild);
      const remembered = await chat.forgetGuild(guild);
      await settings.forgetGuild(guild);
      await answers.forget((record) => record.guild === guild);
      return { remembered, requests: await usage.remove({ of: { guild } }) };
    },

    async dataOf(guild, user) {
      const of = { guild, user };
      return {
        ...of,
        exportedAtMs: clock.now(),
        turns: await Array.fromAsync(conversations.turnsOf(guild, user)),
        answers: await Array.fromAsync(
          answers.find((record) => record.guild === guild && record.user === user),
        ),
        requests: await Array.fromAsync(usage.query({ of })),
        limits: rulesFor(user, await limits.rules(guild)),
        changes: await Array.fromAsync(audit.query({ of: { guild, user: `${platformOf(guild)}:${user}` } })),
      };
    },
  };
}

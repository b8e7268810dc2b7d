import type { AuditEntry, AuditLog } from '../access/audit.ts';
import type { Stops } from '../coordination/stops.ts';
import type { Clock } from '../kit/clock.ts';
import { createThrottle } from '../kit/throttle.ts';
import type { Feedback, FeedbackLog } from '../ledger/feedback.ts';
import { type GuildRules, rulesFor } from '../ledger/guild-rules.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LimitRules } from '../ledger/rules.ts';
import type { UsageLog, UsageRecord } from '../ledger/usage.ts';
import { type GuildId, platformOf } from '../ports/actor.ts';
import type { AnswerRecord, AnswerRecords } from './answer-records.ts';
import type { Conversation, Conversations, Turn } from './conversations.ts';
import type { OutcomeLog } from './outcomes.ts';
import type { Personas } from './personas.ts';
import type { PersonSetting, Settings } from './settings.ts';

/**
 * What people may have forgotten, and may see. Tiers, limits and their log stay: they are what others decided. So do the
 * counters of the ledger, which would else begin anew.
 */
export interface Privacy {
  /** Counts a request of a person; resolves to 0, or to the milliseconds to wait where there were too many lately. */
  countRequest(guild: GuildId, user: string): number;
  /** Whether somebody else has asked something in a conversation, be it answered or not. */
  isShared(conversation: Conversation, user: string): Promise<boolean>;
  /** Forgets a conversation with all that hangs on it, and stops its answers. */
  forgetConversation(id: string): Promise<void>;
  /** Forgets what a person asked in a guild, what was answered, and what it cost; stops their answers. */
  forgetPerson(guild: GuildId, user: string): Promise<Forgotten>;
  /** Forgets all of a guild's conversations, choices, instructions, personas and costs, and stops its answers. */
  forgetGuild(guild: GuildId, by: string): Promise<Forgotten>;
  /** All that is stored about a person in a guild. */
  dataOf(guild: GuildId, user: string): Promise<PersonalData>;
}

export interface Forgotten {
  /** Questions with their answers of a person, or conversations of a guild. */
  readonly remembered: number;
  /** Requests whose cost was on record. */
  readonly requests: number;
  /** Requests whose cost is still to come, and will be on record then. */
  readonly unsettled: number;
}

export interface PersonalData {
  readonly guild: GuildId;
  readonly user: string;
  readonly exportedAtMs: number;
  readonly turns: readonly (Turn & { readonly conversation: string })[];
  /** What the person wrote and others brought with their questions. */
  readonly quotes: readonly { readonly conversation: string; readonly text: string }[];
  /** What the person instructed the model to do in conversations. */
  readonly instructions: readonly { readonly conversation: string; readonly text: string }[];
  /** Summaries of conversations in which words of the person's are. */
  readonly summaries: readonly { readonly conversation: string; readonly text: string }[];
  /** What the buttons under answers stand for. */
  readonly answers: readonly AnswerRecord[];
  readonly requests: readonly UsageRecord[];
  /** What the person chose for themselves. */
  readonly choices: PersonSetting;
  /** What the person thought of answers. */
  readonly feedback: readonly Feedback[];
  /** Limits that admins set for this person. */
  readonly limits: GuildRules['users'][string];
  /** What the person changed for the guild. */
  readonly changes: readonly AuditEntry[];
}

export interface PrivacyOptions {
  readonly stops: Stops;
  readonly conversations: Conversations;
  readonly answers: AnswerRecords;
  readonly settings: Settings;
  readonly personas: Personas;
  readonly usage: UsageLog;
  readonly feedback: FeedbackLog;
  readonly outcomes: OutcomeLog;
  readonly ledger: Pick<Ledger, 'openReservations'>;
  readonly limits: LimitRules;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/** An answer that was stopped takes a moment to settle; longer where its provider is slow to name the price. */
const MAX_WAIT_MS = 10_000;
const LOOK_EVERY_MS = 250;

/** They read all that is stored of a guild. */
const MOST_REQUESTS = 10;
const REQUESTS_WINDOW_MS = 10 * 60_000;

const FORGOTTEN = { kind: 'forgotten' } as const;

export function createPrivacy(options: PrivacyOptions): Privacy {
  const { stops, conversations, answers, settings, personas, usage, feedback, outcomes } = options;
  const { ledger, limits, audit, clock } = options;

  /**
   * Waits until what was set aside is booked, so that its cost can be forgotten; resolves to how many requests were not.
   * What a dead process left is not waited for.
   */
  async function settled(of: { readonly guild: GuildId; readonly user?: string }): Promise<number> {
    const untilMs = clock.now() + MAX_WAIT_MS;
    const before = new Set((await ledger.openReservations(of)).map(({ id }) => id));
    for (;;) {
      const left = (await ledger.openReservations(of)).filter(({ id }) => before.has(id));
      const isLookedAfter = left.some(({ leaseUntilMs }) => leaseUntilMs > clock.now());
      if (!isLookedAfter || clock.now() >= untilMs) return left.length;
      await clock.sleep(LOOK_EVERY_MS);
    }
  }

  const requests = createThrottle(clock, MOST_REQUESTS, REQUESTS_WINDOW_MS);

  return {
    countRequest: (guild, user) => requests.countCall(`${guild}/${user}`),

    async isShared({ id, turns }, user) {
      if (turns.some((turn) => turn.user !== user)) return true;
      const others = answers.find(
        guildOf(id),
        (record) => record.conversation === id && record.user !== user,
      );
      return (await Array.fromAsync(others)).length > 0;
    },

    async forgetConversation(id) {
      await stops.send({ conversation: id }, FORGOTTEN);
      await conversations.forget(id);
      await answers.forget(guildOf(id), (record) => record.conversation === id);
    },

    async forgetPerson(guild, user) {
      const of = { guild, user };
      await stops.send(of, FORGOTTEN);
      // First: who ends a dead process's answer keeps no turn of it without this.
      await answers.forgetPerson(guild, user);
      await settings.forgetPerson(guild, user);
      const remembered = await conversations.forgetPerson(guild, user);
      await feedback.remove({ of });
      const unsettled = await settled(of);
      return { remembered, requests: await usage.remove({ of }), unsettled };
    },

    async forgetGuild(guild, by) {
      const atMs = clock.now();
      const from = 'conversations, choices, instructions, personas and costs';
      await audit.append({ guild, by, atMs, action: 'guild.forget', from, to: null, reason: '' });
      const of = { guild };
      await stops.send(of, FORGOTTEN);
      const remembered = await conversations.forgetGuild(guild);
      await settings.forgetGuild(guild);
      await personas.forgetGuild(guild);
      await answers.forget(guild, () => true);
      await feedback.remove({ of });
      await outcomes.remove({ of });
      const unsettled = await settled(of);
      return { remembered, requests: await usage.remove({ of }), unsettled };
    },

    async dataOf(guild, user) {
      const of = { guild, user };
      return {
        ...of,
        exportedAtMs: clock.now(),
        ...(await conversations.writtenBy(guild, user)),
        answers: await Array.fromAsync(answers.find(guild, (record) => record.user === user)),
        requests: await Array.fromAsync(usage.query({ of })),
        choices: await settings.person(guild, user),
        feedback: await Array.fromAsync(feedback.query({ of })),
        limits: rulesFor(user, (await limits.rules(guild)).users),
        changes: await Array.fromAsync(audit.query({ of: { guild, user: `${platformOf(guild)}:${user}` } })),
      };
    },
  };
}

/** A conversation's id begins with its guild. */
function guildOf(conversation: string): string {
  return conversation.slice(0, conversation.lastIndexOf('/'));
}

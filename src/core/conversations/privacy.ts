import type { AuditEntry, AuditLog } from '../access/audit.ts';
import type { Stops } from '../coordination/stops.ts';
import { createThrottle } from '../kit/scheduling/throttle.ts';
import type { Clock } from '../kit/time/clock.ts';
import type { Feedback, FeedbackLog } from '../ledger/feedback.ts';
import { type GuildRules, rulesFor } from '../ledger/guild-rules.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LimitRules } from '../ledger/rules.ts';
import type { UsageLog, UsageRecord } from '../ledger/usage.ts';
import { type GuildId, platformOf } from '../ports/actor.ts';
import type { AnswerRecord } from './answer-records.ts';
import type { ChatRecords } from './chat-records.ts';
import type { Conversation } from './conversation.ts';
import type { OutcomeLog } from './outcomes.ts';
import type { PersonSetting } from './settings.ts';
import { forgetAllIn, forgetTurnsOf, type Writings, writtenBy } from './writings.ts';

export interface Forgotten {
  /** Turns of a person, or conversations of a guild. */
  readonly remembered: number;
  /** Requests whose cost was recorded. */
  readonly requests: number;
  /** Requests whose cost is not known yet and will still be recorded. */
  readonly unsettled: number;
}

export interface PersonalData extends Writings {
  readonly guild: GuildId;
  readonly user: string;
  readonly exportedAtMs: number;
  /** The records behind buttons of answers. */
  readonly answers: readonly AnswerRecord[];
  readonly requests: readonly UsageRecord[];
  /** The person's own settings. */
  readonly choices: PersonSetting;
  /** The person's feedback on answers. */
  readonly feedback: readonly Feedback[];
  /** Limits that admins set for this person. */
  readonly limits: GuildRules['users'][string];
  /** The person's changes to the guild. */
  readonly changes: readonly AuditEntry[];
}

export interface PrivacyOptions {
  readonly stops: Stops;
  readonly records: Omit<ChatRecords, 'listening'>;
  readonly logs: {
    readonly usage: UsageLog;
    readonly feedback: FeedbackLog;
    readonly outcomes: OutcomeLog;
  };
  readonly ledger: Pick<Ledger, 'openReservations'>;
  readonly limits: LimitRules;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/** A stopped answer takes a moment to settle, longer if its provider is slow to report the price. */
const MAX_WAIT_MS = 10_000;
const LOOK_EVERY_MS = 250;

/** They read everything stored about a guild. */
const MOST_REQUESTS = 10;
const REQUESTS_WINDOW_MS = 10 * 60_000;

const FORGOTTEN = { kind: 'forgotten' } as const;

export type Privacy = ReturnType<typeof createPrivacy>;

/**
 * People's data: deletion and access. Tiers, limits and the audit log stay, because they are others' decisions. So do the
 * ledger's counters, which would otherwise start again.
 */
export function createPrivacy(options: PrivacyOptions) {
  const { stops } = options;
  const { conversations, answers, settings, personas } = options.records;
  const { usage, feedback, outcomes } = options.logs;
  const { ledger, limits, audit, clock } = options;

  /**
   * Waits until reserved amounts are booked, so that their costs can be deleted; resolves to the number of requests that were
   * not. Does not wait for reservations of dead processes.
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
    /** Counts a request of a person; returns 0, or the milliseconds to wait after too many. */
    countRequest: (guild: GuildId, user: string) => requests.countCall(`${guild}/${user}`),

    /** Whether somebody else has asked something in a conversation, answered or not. */
    async isShared({ id, turns }: Conversation, user: string): Promise<boolean> {
      if (turns.some((turn) => turn.user !== user)) return true;
      const others = answers.find(
        guildOf(id),
        (record) => record.conversation === id && record.user !== user,
      );
      return (await Array.fromAsync(others)).length > 0;
    },

    /** Deletes a conversation with everything that belongs to it, and stops its answers. */
    async forgetConversation(id: string): Promise<void> {
      await stops.send({ conversation: id }, FORGOTTEN);
      await conversations.forget(id);
      await answers.forget(guildOf(id), (record) => record.conversation === id);
    },

    /** Deletes a person's questions in a guild, their answers and their costs, and stops answers in progress. */
    async forgetPerson(guild: GuildId, user: string): Promise<Forgotten> {
      const of = { guild, user };
      await stops.send(of, FORGOTTEN);
      // Comes first: a process that finishes a dead process's answer checks this before it stores the turn.
      await answers.forgetPerson(guild, user);
      await settings.forgetPerson(guild, user);
      const remembered = await forgetTurnsOf(conversations, guild, user);
      await feedback.remove({ of });
      const unsettled = await settled(of);
      return { remembered, requests: await usage.remove({ of }), unsettled };
    },

    /** Deletes all conversations, settings, instructions, personas and costs of a guild, and stops its answers. */
    async forgetGuild(guild: GuildId, by: string): Promise<Forgotten> {
      const atMs = clock.now();
      const from = 'conversations, choices, instructions, personas and costs';
      await audit.append({ guild, by, atMs, action: 'guild.forget', from, to: null, reason: '' });
      const of = { guild };
      await stops.send(of, FORGOTTEN);
      const remembered = await forgetAllIn(conversations, guild);
      await settings.forgetGuild(guild);
      await personas.forgetGuild(guild);
      await answers.forget(guild, () => true);
      await feedback.remove({ of });
      await outcomes.remove({ of });
      const unsettled = await settled(of);
      return { remembered, requests: await usage.remove({ of }), unsettled };
    },

    /** Everything stored about a person in a guild. */
    async dataOf(guild: GuildId, user: string): Promise<PersonalData> {
      const of = { guild, user };
      return {
        ...of,
        exportedAtMs: clock.now(),
        ...(await writtenBy(conversations, guild, user)),
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

import type { Logger } from 'pino';
import { questionIn } from '../chat/question/job.ts';
import type { Recovery } from '../chat/recovery/recovery.ts';
import { RESTARTING } from '../chat/turn.ts';
import { explain, inOneLine } from '../chat/words/explain.ts';
import type { Command } from '../command.ts';
import type { Coordination } from '../coordination/coordination.ts';
import { orLog } from '../kit/or-log.ts';
import { addresseeOf } from '../ports/address.ts';
import { type Admission, type Dispatch, editOf } from '../ports/events.ts';
import { isForSetup, type NameOperator } from '../ports/operator.ts';
import { broughtIn, wordsIn } from '../ports/parts.ts';
import type { Services } from '../services.ts';
import { createArrivals } from './arrivals.ts';
import type { Greetings } from './greetings.ts';
import { createHearing } from './hearing.ts';
import { createMissedHandler } from './missed.ts';
import { createPermission } from './permission.ts';
import { createCommandRunner } from './run-command.ts';
import { createPressRunner } from './run-press.ts';
import { createSuggestions } from './suggestions.ts';
import { createTeller } from './teller.ts';

export interface Dispatcher extends Dispatch {
  /** From now on answers events with a message that the bot is restarting. */
  close(): void;
}

export interface DispatchOptions {
  readonly commands: readonly Command[];
  readonly services: Services;
  readonly coordination: Coordination;
  readonly recovery: Pick<Recovery, 'catchUp' | 'takeover'>;
  readonly greetings: Greetings;
  readonly nameOperator: NameOperator;
  readonly log: Logger;
}

/** Longer than messages on Discord and Slack; bounds the store and the token estimate. */
const MAX_MESSAGE_CHARS = 40_000;

const NOTHING_ASKED = 'Ask me a question, or type `/help` to see what I can do.';

function tooLong(chars: number): string {
  const [length, most] = [chars, MAX_MESSAGE_CHARS].map((count) => count.toLocaleString('en-US'));
  return `That is ${length} characters long; the maximum is ${most}.`;
}

/** Passes platforms' events to commands and the chat: each event once, and each fault in words to the asker. */
export function createDispatch(options: DispatchOptions): Dispatcher {
  const { services, coordination, nameOperator, log } = options;
  const { catchUp, takeover } = options.recovery;
  const { chat } = services;
  const commands = new Map(options.commands.map((command) => [command.name, command]));
  const teller = createTeller(nameOperator, log);
  const hearing = createHearing(services, log);
  const arrivals = createArrivals(coordination, hearing, teller, log);
  const permission = createPermission(services);
  const runCommand = createCommandRunner(options.commands, services, permission, teller);
  const runPress = createPressRunner(chat, permission, teller);
  const dealWithMissed = createMissedHandler({ chat, hearing, permission, coordination, teller, log });

  function noSuchCommand(): string {
    return `Unknown command. Available commands: ${[...commands.keys()].map((name) => `\`/${name}\``).join(', ')}.`;
  }

  function refused(text: string): Admission {
    return { ok: false, notice: { text: nameOperator(text) } };
  }

  /**
   * Decides whether something may begin.
   * @param what fields for the log
   */
  async function admission(decide: () => Promise<Admission>, what: object): Promise<Admission> {
    if (arrivals.isClosed) return refused(RESTARTING);
    try {
      return await decide();
    } catch (error) {
      log.error({ err: error, ...what }, 'could not decide whether a person may do something');
      return refused(inOneLine(explain(error)));
    }
  }

  return {
    claim: arrivals.claim,
    dropClaim: arrivals.dropClaim,
    hears: hearing.hears,
    channelRules: hearing.channelRules,
    unlocked: takeover.unlocked,
    joined: (joining) => options.greetings.greet(joining),
    nameOperator,
    suggest: createSuggestions(commands, services, log),
    close: arrivals.close,

    command: (invocation) =>
      arrivals.handleOnce(invocation, async () => {
        const command = commands.get(invocation.command);
        if (command) return runCommand(command, invocation);
        await teller.say(invocation.surface, noSuchCommand());
      }),

    mayRun: (request) =>
      admission(
        async () => {
          const command = commands.get(request.command);
          if (command === undefined) return refused(noSuchCommand());
          const refusal = await permission.refusalOf(command, request);
          return refusal === null ? { ok: true } : refused(refusal);
        },
        { command: request.command },
      ),

    mayPress: (press) => admission(() => chat.mayPress(press), { button: press.button }),

    async view({ command: name, actor, place }) {
      const command = commands.get(name);
      if (command?.view === undefined) return null;
      try {
        if ((await permission.refusalOf(command, { actor, place })) !== null) return null;
        return await command.view({ actor, place, services });
      } catch (error) {
        log.error({ err: error, command: name }, "could not show a command's output");
        return inOneLine(explain(error));
      }
    },

    stop: (event) =>
      arrivals.handleOnce(event, async () => {
        await chat.stopAt(event.place, event.actor);
      }),

    async message(message) {
      const { place, surface, id, parts } = message;
      const addressee = addresseeOf(message.address);
      if (addressee === 'others' || (addressee === 'place' && !(await hearing.hears(place)))) return;
      const text = wordsIn(parts);
      if (isForSetup(text)) return;
      await arrivals.handleOnce(message, async () => {
        const bar = await permission.barOf(message);
        // People who talk in a thread beside the bot have not asked it anything.
        if (bar !== null) return addressee === 'place' ? undefined : teller.say(surface, bar);
        if (text === '' && broughtIn(parts).length === 0) return teller.say(surface, NOTHING_ASKED);
        if (text.length > MAX_MESSAGE_CHARS) return teller.say(surface, tooLong(text.length));
        if (message.address.isDirect || surface.isOverheard) await catchUp.talkedAt(place);
        await chat.ask({ ...questionIn(message), message: id });
      });
    },

    wasAsked: (eventId) => chat.wasAsked(eventId),

    async edited({ message, editedAt }) {
      if (editedAt === null) return;
      const edit = { ...message, id: editOf(message.id, editedAt) };
      if (wordsIn(edit.parts).length > MAX_MESSAGE_CHARS) return arrivals.dropClaim(edit.id);
      await arrivals.handleOnce(edit, () =>
        chat.edited({ ...questionIn(edit), message: message.id, editedAt: Number(editedAt) }),
      );
    },

    press: (press) => arrivals.handleOnce(press, () => runPress(press)),

    alive: (stream) =>
      catchUp
        .alive(stream)
        .catch(orLog(log, 'warn', { stream }, 'could not store the time of the last events')),

    away(platform, stream) {
      const words = 'could not catch up missed messages: the store does not answer';
      return catchUp.away(platform, stream).catch(orLog(log, 'error', { stream }, words, null));
    },

    async missed(found) {
      if (arrivals.isClosed) return;
      const places = Map.groupBy(found, ({ message }) => message.place.key ?? message.id);
      await Promise.all([...places.values()].map(dealWithMissed));
    },

    deleteAnswer: (request) => arrivals.handleOnce(request, () => chat.deleteAnswer(request)),

    async retract(eventId, key) {
      if (key !== undefined) await chat.messageGone(key);
      await chat.retract(eventId);
    },

    purchases: (platform, purchases, reach) =>
      services.guilds
        .purchased(platform, purchases, reach)
        .catch(orLog(log, 'error', { platform }, "could not store a platform's purchases")),
  };
}

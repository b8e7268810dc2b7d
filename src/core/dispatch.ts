import type { Logger } from 'pino';
import { refusalByLists } from './access/lists.ts';
import type { CatchUp } from './chat/catch-up.ts';
import { explain, inOneLine } from './chat/explain.ts';
import type { Greetings } from './chat/greetings.ts';
import { RESTARTING } from './chat/question.ts';
import type { Command, CommandContext } from './command.ts';
import type { Entry, Journal } from './coordination/journal.ts';
import { plainName } from './kit/text.ts';
import { type Actor, mayActAs, platformOf } from './ports/actor.ts';
import { addresseeOf } from './ports/address.ts';
import { buttonRow } from './ports/buttons.ts';
import { inWordsOf, isAskedInForm, type OptionValue, parseOptions } from './ports/command.ts';
import { PlaceGone, PlaceLocked } from './ports/delivery-errors.ts';
import {
  type Arrival,
  type ChannelRules,
  type Dispatch,
  editOf,
  type Invocation,
  type MissedMessage,
  NO_RULES,
  type Place,
  type PostedMessage,
  type Suggestion,
  type SuggestRequest,
} from './ports/events.ts';
import type { Model } from './ports/model.ts';
import type { NameOperator } from './ports/operator.ts';
import { broughtIn, type Part, wordsIn } from './ports/parts.ts';
import { StoreError } from './ports/store.ts';
import type { Notice, Surface } from './ports/surface.ts';
import type { Services } from './services.ts';

export interface Dispatcher extends Dispatch {
  /** From now on events are answered with a word that the bot restarts. */
  close(): void;
}

export interface DispatchOptions {
  readonly commands: readonly Command[];
  readonly services: Services;
  readonly journal: Journal;
  readonly catchUp: CatchUp;
  readonly greetings: Greetings;
  readonly nameOperator: NameOperator;
  /** As `Takeover.opened`. */
  readonly opened: Dispatch['opened'];
  readonly log: Logger;
}

/** How old what is known of a channel's rules may be, and of how many channels it is known. */
const RULES_MS = 30_000;
const MAX_RULES = 5_000;

/** Discord's limit for autocomplete. */
const MAX_SUGGESTIONS = 25;
/** Discord's and Slack's own messages are shorter; a bound for what reaches the store and the estimate. */
const MAX_MESSAGE_CHARS = 40_000;

const CANNOT_DELETE =
  'I could not delete all messages of this answer: delete them by hand, or ask an admin. I do not remember it any more.';

/** What is older than this may have been settled otherwise: whoever wrote it is asked first. */
const ASK_FIRST_MS = 10 * 60_000;

/** Several messages as one; where several people wrote them, each begins with its author's name. */
function joinedParts(messages: readonly PostedMessage[]): Part[] {
  const isShared = new Set(messages.map(({ actor }) => actor.user)).size > 1;
  return messages.flatMap(({ parts, actor }) =>
    parts.map((part) =>
      isShared && part.type === 'text'
        ? { ...part, text: `${plainName(actor.name) || 'Somebody'}: ${part.text}` }
        : part,
    ),
  );
}

function howToFillIn({ name }: Command): string {
  return `\`/${name}\` asks in a form, and takes nothing that is typed behind it: use it as a command of its own, with nothing behind it.`;
}

/** A secret that was typed where others read it is none any more, whoever typed it. */
function takenInTheOpen(command: Command, refusal: string | null): string {
  return `What you typed behind \`/${command.name}\` was not used. If it was a key, delete your message and revoke the key where it was made: others can read it there. ${refusal ?? howToFillIn(command)}`;
}

/** Brings platform events to commands and to the chat: each event once, each fault in words to the asker. */
export function createDispatch(options: DispatchOptions): Dispatcher {
  const { services, journal, catchUp, nameOperator, log } = options;
  const commands = new Map(options.commands.map((command) => [command.name, command]));
  const never = new AbortController().signal;
  let closed = false;

  interface Origin {
    readonly id: string;
    readonly actor: Actor;
    readonly place: Place;
    readonly surface: Surface;
  }

  /** Says something to the asker alone. */
  function say(surface: Surface, text: string, files?: Notice['files']): Promise<void> {
    return surface.tellPrivately({ text: nameOperator(text), ...(files && { files }) }, never);
  }

  const rules = new Map<string, { readonly rules: Promise<ChannelRules>; readonly untilMs: number }>();

  /** Claims that are being made, and … */
  const claiming = new Map<string, Promise<boolean>>();
  /** … those of events that were not brought here yet. */
  const claimed = new Map<string, Entry>();

  async function claim({ id, place, surface, addressed }: Arrival, onLate?: () => void): Promise<boolean> {
    if (!addressed && !(await services.chat.hears(place)) && !(await channelRules(place)).hearsAll)
      return false;
    const hold = (entry: Entry) => claimed.set(id, entry);
    const holdLate = (entry: Entry) => {
      hold(entry);
      onLate?.();
    };
    const late = onLate === undefined ? undefined : holdLate;
    const entry = await journal.begin(id, platformOf(place.guild), surface, late);
    if (entry !== null) hold(entry);
    return entry !== null;
  }

  /** The entry of an event, which may have been claimed as it arrived; null where it was dealt with before. */
  async function entryOf({ id, surface, place }: Origin): Promise<Entry | null> {
    const entry = claimed.get(id);
    if (entry === undefined) return journal.begin(id, platformOf(place.guild), surface);
    claimed.delete(id);
    entry.resumeAt(surface);
    return entry;
  }

  async function dropClaim(id: string): Promise<void> {
    const entry = claimed.get(id);
    claimed.delete(id);
    await entry?.end();
  }

  /** Deals with an event that was not seen before, and words its faults. */
  async function once(event: Origin, work: () => Promise<void>): Promise<void> {
    const { id, surface, place } = event;
    try {
      if (closed) {
        await say(surface, RESTARTING);
        return await dropClaim(id);
      }
      const entry = await entryOf(event);
      if (entry === null) {
        log.debug({ event: id }, 'an event was delivered again');
        return;
      }
      try {
        await work();
      } finally {
        await entry.end();
      }
    } catch (error) {
      log.error({ err: error, event: id, guild: place.guild }, 'an event could not be dealt with');
      if (error instanceof PlaceGone || error instanceof PlaceLocked) return;
      await say(surface, inOneLine(explain(error))).catch((fault: unknown) => {
        log.warn({ err: fault, event: id }, 'the fault could not be told');
      });
    }
  }

  /** Why a person may not run a command here; null where they may. */
  async function refusalOf(command: Command, { actor, place }: Pick<Origin, 'actor' | 'place'>) {
    if (command.role !== 'member' && !mayActAs(await services.roles(actor), command.role)) {
      const who = command.role === 'admin' ? 'an admin' : 'the operator of this bot';
      return `Only ${who} can use \`/${command.name}\`.`;
    }
    if (!command.isOpenToAll) {
      const isExempt = command.reply === 'private' && mayActAs(await services.roles(actor), 'admin');
      const bar = isExempt ? null : await barOf({ actor, place });
      if (bar !== null) return bar;
    }
    return (await command.refuse?.({ actor, place, services })) ?? null;
  }

  /** Why the guild's lists do not let a person use the bot here; null if they do. */
  async function barOf(of: Pick<Origin, 'actor' | 'place'>): Promise<string | null> {
    const lists = await services.settings.lists(of.place.guild);
    return refusalByLists(lists, of, async () => mayActAs(await services.roles(of.actor), 'admin'));
  }

  async function runCommand(command: Command, invocation: Invocation): Promise<void> {
    const { actor, place, surface, id, brought = [] } = invocation;
    const tell: CommandContext['tell'] = (notice) =>
      typeof notice === 'string' ? say(surface, notice) : say(surface, notice.text, notice.files);
    const refusal = await refusalOf(command, invocation);
    const isOpen = isAskedInForm(command) && !invocation.isFilledIn;
    if (isOpen && Object.keys(invocation.options).length > 0) return tell(takenInTheOpen(command, refusal));
    if (refusal !== null) return tell(refusal);
    if (isOpen) return tell(howToFillIn(command));
    const parsed = parseOptions(command, invocation.options);
    if (!parsed.ok) return tell(parsed.problem);
    await command.run(
      {
        eventId: id,
        actor,
        place,
        surface,
        brought,
        readThread: invocation.readThread,
        services,
        commands: options.commands.map((each) => inWordsOf(platformOf(place.guild), each)),
        signal: never,
        tell,
      },
      parsed.values,
    );
  }

  return {
    async claim(arrival, onLate) {
      // It is told that the bot restarts.
      if (closed) return true;
      const first = claiming.get(arrival.id);
      if (first !== undefined) return first.then(() => false);
      const own = claim(arrival, onLate).finally(() => claiming.delete(arrival.id));
      claiming.set(arrival.id, own);
      return own;
    },

    dropClaim,

    command: (invocation) =>
      once(invocation, async () => {
        const command = commands.get(invocation.command);
        if (command) return runCommand(command, invocation);
        await say(invocation.surface, noSuchCommand());
      }),

    async admit(request) {
      if (closed) return { ok: false, notice: { text: RESTARTING } };
      try {
        const command = commands.get(request.command);
        const text = command === undefined ? noSuchCommand() : await refusalOf(command, request);
        return text === null ? { ok: true } : { ok: false, notice: { text: nameOperator(text) } };
      } catch (error) {
        log.error({ err: error, command: request.command }, 'a command could not be admitted');
        return { ok: false, notice: { text: nameOperator(inOneLine(explain(error))) } };
      }
    },

    async admitPress(press) {
      if (closed) return { ok: false, notice: { text: RESTARTING } };
      try {
        return await services.chat.admitPress(press);
      } catch (error) {
        log.error({ err: error, button: press.button }, 'a press could not be admitted');
        return { ok: false, notice: { text: inOneLine(explain(error)) } };
      }
    },

    async view({ command: name, actor, place }) {
      const command = commands.get(name);
      if (command?.view === undefined) return null;
      try {
        if ((await refusalOf(command, { actor, place })) !== null) return null;
        return await command.view({ actor, place, services });
      } catch (error) {
        log.error({ err: error, command: name }, 'what a command says could not be shown');
        return inOneLine(explain(error));
      }
    },

    stop: (event) =>
      once(event, async () => {
        await services.chat.stopAt(event.place, event.actor);
      }),

    async message(message) {
      const { actor, place, surface, id, parts, readThread } = message;
      const addressee = addresseeOf(message.address);
      if (addressee === 'others' || (addressee === 'place' && !(await hears(place)))) return;
      const text = wordsIn(parts);
      await once(message, async () => {
        const bar = await barOf({ actor, place });
        // Of those who talk in a thread beside the bot, nobody asked it for a word.
        if (bar !== null) return addressee === 'place' ? undefined : say(surface, bar);
        if (text === '' && broughtIn(parts).length === 0) {
          await surface.tellPrivately(
            { text: 'Ask me a question, or type `/help` to see what I can do.' },
            never,
          );
        } else if (text.length > MAX_MESSAGE_CHARS) {
          await surface.tellPrivately(
            {
              text: `That is ${text.length.toLocaleString('en-US')} characters long; the maximum is ${MAX_MESSAGE_CHARS.toLocaleString('en-US')}.`,
            },
            never,
          );
        } else {
          if (message.address.isDirect || surface.isOverheard) await catchUp.talkedAt(place);
          await services.chat.ask({
            eventId: id,
            message: id,
            actor,
            place,
            surface,
            parts,
            ...(readThread === undefined ? {} : { readThread }),
          });
        }
      });
    },

    hears,
    channelRules,

    wasAsked: (eventId) => services.chat.wasAsked(eventId),

    async edited({ message, editedAt }) {
      if (editedAt === null) return;
      const { actor, place, surface, parts, readThread } = message;
      const id = editOf(message.id, editedAt);
      if (wordsIn(parts).length > MAX_MESSAGE_CHARS) return dropClaim(id);
      await once({ ...message, id }, () =>
        services.chat.edited({
          eventId: id,
          message: message.id,
          actor,
          place,
          surface,
          parts,
          ...(readThread === undefined ? {} : { readThread }),
        }),
      );
    },

    press: (press) =>
      once(press, async () => {
        const { label: name, form: options = {} } = buttonRow(press.button);
        const parsed = parseOptions({ name, options }, press.given ?? {});
        if (!parsed.ok) return press.surface.tellPrivately({ text: parsed.problem }, never);
        const bar = press.button === 'stop' ? null : await barOf(press);
        if (bar !== null) return say(press.surface, bar);
        switch (press.button) {
          case 'stop':
            return services.chat.stop(press);
          case 'retry':
            return services.chat.retry(press, textIn(parsed.values, 'model'));
          case 'thinking':
            return services.chat.showThinking(press);
          case 'good':
          case 'bad':
            return services.chat.rate(press, press.button, textIn(parsed.values, 'reason'));
          case 'more':
            return services.chat.goOn(press);
          case 'confirm':
            return services.chat.confirm(press);
          case 'continue':
            return services.chat.continueInThread(press);
          case 'answer':
            return services.chat.answerMissed(press);
          case 'edited':
            return services.chat.answerEdited(press);
          case 'unlisten':
            return services.chat.unlisten(press);
        }
      }),

    async alive(stream) {
      try {
        await catchUp.alive(stream);
      } catch (error) {
        log.warn({ err: error, stream }, 'how far events have come could not be stored');
      }
    },

    async away(platform, stream) {
      try {
        return await catchUp.away(platform, stream);
      } catch (error) {
        log.error(
          { err: error, stream },
          'what was missed cannot be caught up: the store does not say since when',
        );
        return null;
      }
    },

    async missed(found) {
      const places = Map.groupBy(found, ({ message }) => message.place.key ?? message.id);
      await Promise.all([...places.values()].map(catchUpAt));
    },

    opened: options.opened,

    close() {
      closed = true;
    },

    deleteAnswer: (request) =>
      once(request, async () => {
        const text = await services.deletion.run(request).catch((error: unknown) => {
          log.warn({ err: error, event: request.id }, 'an answer could not be deleted');
          if (error instanceof StoreError) throw error;
          return CANNOT_DELETE;
        });
        await say(request.surface, text);
      }),

    async retract(eventId, key) {
      if (key !== undefined) await services.deletion.messageGone(key);
      await services.chat.retract(eventId);
    },

    async purchases(platform, purchases, reach) {
      try {
        await services.guilds.purchased(platform, purchases, reach);
      } catch (error) {
        log.error({ err: error, platform }, 'what was bought on a platform could not be stored');
      }
    },

    joined: (joining) => options.greetings.greet(joining),
    nameOperator,

    async suggest(request) {
      try {
        const { command } = request;
        if (typeof command !== 'string') {
          const asked = buttonRow(command.button).form?.[request.option];
          return asked?.type === 'model' ? await suggestOthers(request, command.answerId) : [];
        }
        const option = commands.get(command)?.options[request.option];
        if (option?.type === 'model') return await suggestModels(request);
        if (option?.type === 'choice') {
          return option.choices
            .filter(({ label, value }) =>
              `${label} ${value}`.toLowerCase().includes(request.text.toLowerCase()),
            )
            .slice(0, MAX_SUGGESTIONS);
        }
      } catch (error) {
        log.warn({ err: error, option: request.option }, 'suggestions could not be made');
      }
      return [];
    },
  };

  /** Deals with what was missed at one place as one question of whoever wrote last. */
  async function catchUpAt(found: readonly MissedMessage[]): Promise<void> {
    const claimed: { readonly message: PostedMessage; readonly entry: Entry }[] = [];
    const last = found.at(-1);
    if (closed || last === undefined) return;
    const { surface, place, id, actor } = last.message;
    try {
      // What is older than something that was dealt with was seen, and left alone.
      for (const { message } of found.toReversed()) {
        const addressee = addresseeOf(message.address);
        if (addressee === 'others' || (addressee === 'place' && !(await services.chat.hears(place))))
          continue;
        const entry = await journal.begin(message.id, platformOf(place.guild), message.surface);
        if (entry === null) break;
        claimed.unshift({ message, entry });
      }
      const newest = claimed.at(-1)?.message;
      if (newest === undefined) return;
      log.info(
        { event: newest.id, missed: claimed.length },
        'what was written while the bot was away is dealt with',
      );
      const parts = joinedParts(claimed.map(({ message }) => message));
      const isOld = services.clock.now() - last.atMs > ASK_FIRST_MS;
      const { surface, actor, readThread } = newest;
      const question = {
        eventId: newest.id,
        // An edit of one of several is no edit of what was asked.
        ...(claimed.length === 1 && { message: newest.id }),
        actor,
        place,
        surface,
        parts,
        ...(readThread === undefined ? {} : { readThread }),
      };
      await (isOld ? services.chat.offer(question) : services.chat.ask(question));
    } catch (error) {
      log.error(
        { err: error, event: id, guild: place.guild, user: actor.user },
        'what was missed could not be dealt with',
      );
      if (claimed.length === 0 || error instanceof PlaceGone) return;
      await say(surface, inOneLine(explain(error))).catch((fault: unknown) => {
        log.warn({ err: fault, event: id }, 'the fault could not be told');
      });
    } finally {
      for (const { entry } of claimed) await entry.end();
    }
  }

  function noSuchCommand(): string {
    return `Unknown command. Available commands: ${[...commands.keys()].map((name) => `\`/${name}\``).join(', ')}.`;
  }

  /** Every message of every channel asks. */
  async function channelRules({ guild, channel }: Pick<Place, 'guild' | 'channel'>): Promise<ChannelRules> {
    const key = `${guild} ${channel}`;
    const nowMs = services.clock.now();
    const known = rules.get(key);
    if (known !== undefined && known.untilMs > nowMs) return known.rules;
    const read = services.settings.channel({ guild, channel }).catch((error: unknown) => {
      log.warn({ err: error, channel }, 'what was chosen for a channel could not be read');
      return known?.rules ?? NO_RULES;
    });
    rules.delete(key);
    rules.set(key, { rules: read, untilMs: nowMs + RULES_MS });
    if (rules.size > MAX_RULES) rules.delete(rules.keys().next().value ?? '');
    return read;
  }

  async function hears(place: Place): Promise<boolean> {
    try {
      return (await services.chat.hears(place)) || (await channelRules(place)).hearsAll;
    } catch (error) {
      // Whether a message was meant for the bot is not known: a word about it in every thread would be noise.
      log.error({ err: error, place: place.key }, 'a conversation could not be looked up');
      return false;
    }
  }

  /** The models whose name or id holds what was typed, with whether the guild may use each. */
  async function modelsNamed({ text, place, actor }: SuggestRequest) {
    const wanted = text.trim().toLowerCase();
    const found = services.catalogue
      .list(platformOf(place.guild))
      .filter(({ gone, id, name }) => !gone && `${id} ${name}`.toLowerCase().includes(wanted));
    const decisions = await services.models.decideAll(
      found.map(({ id }) => id),
      actor,
    );
    return { found, decisions };
  }

  /** The models that may be used instead of the one that gave an answer, those of the nearest price first. */
  async function suggestOthers(request: SuggestRequest, answerId: string): Promise<Suggestion[]> {
    const { guild } = request.place;
    const answeredBy = await services.chat.answeredBy(answerId, request.actor.guild);
    const { found, decisions } = await modelsNamed(request);
    const open = found.filter(({ id }, index) => decisions[index]?.ok && id !== answeredBy);
    const before = answeredBy === null ? null : services.catalogue.get(answeredBy, platformOf(guild));
    return nearestByPrice(open, before)
      .slice(0, MAX_SUGGESTIONS - 1)
      .map(({ id, name }) => ({ label: name, value: id }));
  }

  /** Models whose name or id holds what was typed; those that the guild may use first, locked ones marked. */
  async function suggestModels(request: SuggestRequest): Promise<Suggestion[]> {
    const { found, decisions } = await modelsNamed(request);
    const [open, locked]: [Suggestion[], Suggestion[]] = [[], []];
    for (const [index, { id, name, tier }] of found.entries()) {
      if (decisions[index]?.ok) open.push({ label: name, value: id });
      else locked.push({ label: `🔒 ${name} (needs ${tier})`, value: id });
    }
    return [...open, ...locked].slice(0, MAX_SUGGESTIONS);
  }
}

/** A text of a button's form; null if it was left open. */
function textIn(values: Readonly<Record<string, OptionValue>>, name: string): string | null {
  const value = values[name];
  return typeof value === 'string' ? value : null;
}

/** Models in the order in which their prices are like that of another one; as they are if there is none. */
function nearestByPrice(models: readonly Model[], to: Model | null): readonly Model[] {
  if (to === null) return models;
  // Prices differ by factors. What is free, or of no known price, counts as one picodollar.
  const size = ({ prices }: Model) => Math.log(Math.max(1, prices.completionPicoUsd ?? 1));
  const distance = (model: Model) => Math.abs(size(model) - size(to));
  return models.toSorted((a, b) => distance(a) - distance(b));
}

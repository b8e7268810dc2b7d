import {
  type AnyThreadChannel,
  type AutocompleteInteraction,
  type ButtonInteraction,
  ChannelType,
  type ChatInputCommandInteraction,
  type CommandInteractionOption,
  type Interaction,
  InteractionResponseType,
  type MessageContextMenuCommandInteraction,
  MessageFlags,
  type ModalSubmitInteraction,
  RESTJSONErrorCodes,
  type RepliableInteraction,
  Routes,
} from 'discord.js';
import type { Logger } from 'pino';
import type { Clock } from '../../../core/kit/clock.ts';
import { waitAtMost } from '../../../core/kit/deadline.ts';
import type { Sealing } from '../../../core/kit/sealing.ts';
import { clip } from '../../../core/kit/text-size.ts';
import { type Button, buttonRow } from '../../../core/ports/buttons.ts';
import { type CommandDeclaration, isAskedInForm } from '../../../core/ports/command.ts';
import { RateLimited } from '../../../core/ports/delivery-errors.ts';
import type { Dispatch, Place, Suggestion } from '../../../core/ports/events.ts';
import type { BroughtPart } from '../../../core/ports/parts.ts';
import { type MessageBody, noticeBodies, parseButton } from '../answers/content.ts';
import { createInteractionSurface, type InteractionSurface } from '../answers/interaction-surface.ts';
import { createWebhookWriter } from '../answers/message-writers.ts';
import { postNotice } from '../answers/post-notice.ts';
import { renameThread, startThread } from '../answers/threads.ts';
import type { WaitingSigns } from '../answers/waiting-signs.ts';
import type { Entitlements } from '../gateway/entitlements.ts';
import { type BotMay, mayOpenThread } from '../gateway/permissions.ts';
import { eventId, interactionActor, interactionPlace, isBotDm, isUserInstall } from '../gateway/places.ts';
import { DELETE_ANSWER } from '../gateway/registration.ts';
import { DiscordFault, DiscordRefusal, isRefusal } from '../rest/errors.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { SIZES } from '../rest/sizes.ts';
import { type About, createAbouts } from './ask-about.ts';
import { buttonOfForm, commandOfForm, formOf, pressFormOf, readForm } from './form.ts';
import { attachmentPart } from './message-parts.ts';
import { readThread } from './read-thread.ts';

export interface InteractionHandlerOptions {
  readonly rest: DiscordRest;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signs: WaitingSigns;
  readonly sealing: Sealing;
  readonly commands: readonly CommandDeclaration[];
  readonly dispatch: Dispatch;
  /** Null where no purchase comes with a tier. */
  readonly entitlements: Entitlements | null;
  readonly caveat: string | undefined;
  readonly botId: string;
}

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-callback */
const ACKNOWLEDGE_WITHIN_MS = 3_000;
/** Leaves time for the acknowledgement, or for a word about it. */
const CLAIM_WITHIN_MS = 1_500;
const RETRY_MS = 100;

/** Acknowledges interactions before anything else happens, and brings them to `dispatch`. */
export function createInteractionHandler(
  options: InteractionHandlerOptions,
): (interaction: Interaction, signal: AbortSignal) => Promise<void> {
  const { rest, clock, log, dispatch, entitlements } = options;
  const commands = new Map(options.commands.map((command) => [command.name, command]));
  const abouts = createAbouts(rest, clock);

  /** Sends the first response; false where the interaction is dead, or somebody else's already. */
  async function respond(interaction: Interaction, body: object, signal: AbortSignal): Promise<boolean> {
    const path = Routes.interactionCallback(interaction.id, interaction.token);
    const tooLateAtMs = clock.now() + ACKNOWLEDGE_WITHIN_MS;
    let mayHaveArrived = false;
    for (;;) {
      try {
        await rest.request({ method: 'POST', path, body }, signal);
        return true;
      } catch (error) {
        signal.throwIfAborted();
        if (mayHaveArrived && isRefusal(error, RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged))
          return true;
        const waitMs = error instanceof RateLimited ? error.retryAfterMs : RETRY_MS;
        if (error instanceof DiscordRefusal || clock.now() + waitMs > tooLateAtMs) {
          log.warn({ err: error, interaction: interaction.id }, 'an interaction could not be acknowledged');
          return false;
        }
        mayHaveArrived ||= error instanceof DiscordFault;
        await clock.sleep(waitMs, signal);
      }
    }
  }

  function surfaceOf(
    interaction: RepliableInteraction,
    kind: { readonly acknowledged: 'thinking' | 'silent'; readonly isPrivate: boolean },
    receivedAtMs: number,
  ): InteractionSurface {
    const { id, token, applicationId, channel, appPermissions } = interaction;
    const may: BotMay = (permission) => appPermissions.has(permission);
    const isMember = !isUserInstall(interaction) && interaction.inCachedGuild();
    const maySend = channel?.isThread() ? may('SendMessagesInThreads') : may('SendMessages');
    const isShut =
      channel?.type === ChannelType.PrivateThread && !channel.joined && !appPermissions.has('ManageThreads');
    return createInteractionSurface({
      ...options,
      place: {
        kind: 'interaction',
        interaction: { id, token, applicationId, channelId: interaction.channelId ?? '', receivedAtMs },
        ...kind,
        botMayUseChannel: isBotDm(interaction) || (isMember && may('ViewChannel') && maySend && !isShut),
        canContinueInThread: isMember && mayOpenThread(channel?.type, may),
        newestId: null,
      },
      isResumed: false,
      isOverheard: isMember && channel?.isThread() === true && options.caveat === undefined,
    });
  }

  /**
   * Claims an interaction in the store, acknowledges it, and deals with it. If the store does not take it in time, the person is told
   * instead: Discord waits three seconds, and sends nothing again.
   */
  async function claimed(
    {
      interaction,
      place,
      surface,
      answer,
    }: {
      readonly interaction: RepliableInteraction;
      readonly place: Place;
      readonly surface: InteractionSurface;
      readonly answer: object;
    },
    signal: AbortSignal,
    work: (id: string) => Promise<void>,
  ): Promise<void> {
    const id = eventId(interaction.id);
    let state: boolean | 'waiting' | 'failed' = 'waiting';
    const claiming = dispatch.claim({ id, place, surface, addressed: true }).then(
      (isNew) => {
        state = isNew;
      },
      (error: unknown) => {
        state = 'failed';
        log.error({ err: error, interaction: interaction.id }, 'an interaction could not be stored');
      },
    );
    await waitAtMost(clock, CLAIM_WITHIN_MS, claiming);
    const outcome = state as boolean | 'waiting' | 'failed';
    if (outcome === 'waiting' || outcome === 'failed') {
      await refuse(interaction, dispatch.nameOperator(NOT_STORED), signal);
      await claiming;
      return dispatch.dropClaim(id);
    }
    if (!outcome) return;
    try {
      if (await respond(interaction, answer, signal)) await work(id);
    } finally {
      await dispatch.dropClaim(id);
    }
  }

  async function useCommand(
    interaction: ChatInputCommandInteraction,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { commandName: name, options } = interaction;
    const command = commands.get(name);
    if (command !== undefined && isAskedInForm(command)) return openForm(interaction, command, signal);
    const given = Object.fromEntries(options.data.map((option) => [option.name, givenValue(option)]));
    const { channel } = interaction;
    const thread = interaction.inCachedGuild() && channel?.isThread() ? channel : null;
    await runCommand(interaction, { name, given, thread }, receivedAtMs, signal);
  }

  /** Runs a command about the thread of a message, for the asker alone. */
  async function useMenu(
    interaction: MessageContextMenuCommandInteraction,
    { name, options: { private: flag } }: CommandDeclaration,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const given = flag === undefined ? {} : { private: true };
    const thread = interaction.inCachedGuild() ? await threadOf(interaction) : null;
    await runCommand(interaction, { name, given, thread }, receivedAtMs, signal);
  }

  /** A form has to be the first response: whether the person may use it is known before, or they would fill it in vain. */
  async function openForm(
    interaction: ChatInputCommandInteraction,
    command: CommandDeclaration,
    signal: AbortSignal,
  ): Promise<void> {
    const admission = await dispatch.admit({
      command: command.name,
      actor: interactionActor(interaction),
      place: interactionPlace(interaction, null),
    });
    if (!admission.ok) return refuse(interaction, admission.notice.text, signal);
    await respond(interaction, { type: InteractionResponseType.Modal, data: formOf(command) }, signal);
  }

  async function runCommand(
    interaction: ChatInputCommandInteraction | MessageContextMenuCommandInteraction | ModalSubmitInteraction,
    { name, given, find, thread = null, isFilledIn = false }: GivenCommand,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const isPrivate = commands.get(name)?.reply !== 'answer' || given['private'] === true;
    const data = isPrivate ? { flags: MessageFlags.Ephemeral } : {};
    const type = InteractionResponseType.DeferredChannelMessageWithSource;
    const surface = surfaceOf(interaction, { acknowledged: 'thinking', isPrivate }, receivedAtMs);
    const place = interactionPlace(interaction, null);
    await claimed({ interaction, place, surface, answer: { type, data } }, signal, async (id) => {
      await entitlements?.note(interaction);
      await dispatch.command({
        id,
        actor: interactionActor(interaction),
        place,
        surface,
        command: name,
        options: given,
        isFilledIn,
        ...(find === undefined ? {} : { brought: await find() }),
        ...(thread !== null && {
          readThread: (reading: AbortSignal) => readThread(options, thread, interaction.id, reading),
        }),
      });
      await surface.settle();
    });
  }

  async function press(
    interaction: ButtonInteraction,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const button = parseButton(interaction.customId);
    if (button === null) return refuse(interaction, DEAD_BUTTON, signal);
    if (buttonRow(button.kind).form !== undefined) return openPressForm(interaction, button, signal);
    await bringPress(interaction, button, {}, receivedAtMs, signal);
  }

  /** What the button does waits for what the form asks; it is only opened for a person who may press. */
  async function openPressForm(
    interaction: ButtonInteraction,
    button: Button,
    signal: AbortSignal,
  ): Promise<void> {
    const { kind, answerId } = button;
    const by = {
      actor: interactionActor(interaction),
      place: interactionPlace(interaction, interaction.message.id),
    };
    const admission = await dispatch.admitPress({ ...by, button: kind, answerId });
    if (!admission.ok) return refuse(interaction, admission.notice.text, signal);
    const models = new Map<string, readonly Suggestion[]>();
    for (const [option, { type }] of Object.entries(buttonRow(kind).form ?? {})) {
      if (type !== 'model') continue;
      const command = { button: kind, answerId };
      models.set(option, await dispatch.suggest({ ...by, command, option, text: '' }));
    }
    const data = pressFormOf(button, models);
    await respond(interaction, { type: InteractionResponseType.Modal, data }, signal);
  }

  async function bringPress(
    interaction: ButtonInteraction | ModalSubmitInteraction,
    button: Button,
    given: Readonly<Record<string, unknown>>,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { message, channel, channelId } = interaction;
    if (message === null || channelId === null) return refuse(interaction, DEAD_BUTTON, signal);
    const isPrivate = message.flags.has(MessageFlags.Ephemeral);
    const surface = surfaceOf(interaction, { acknowledged: 'silent', isPrivate }, receivedAtMs);
    const patient = { ...rest, request: rest.insist };
    const place = interactionPlace(interaction, message.id);
    const answer = { type: InteractionResponseType.DeferredMessageUpdate };
    const bring = (id: string) =>
      dispatch.press({
        id,
        actor: interactionActor(interaction),
        place,
        surface,
        button: button.kind,
        answerId: button.answerId,
        given,
        async retire(retiring) {
          await createWebhookWriter(patient, interaction).editOriginal({ components: [] }, [], retiring);
        },
        async openThread(title, opening) {
          const may: BotMay = (permission) => interaction.appPermissions.has(permission);
          if (isPrivate || !interaction.inCachedGuild() || !mayOpenThread(channel?.type, may)) return null;
          const opened = await startThread(rest, channelId, message.id, title, opening);
          if (opened === 'impossible') return null;
          if (opened === 'new') {
            const text = WELCOME[options.caveat === undefined ? 'all' : 'mentions'];
            await postNotice(rest, message.id, { text, nonce: interaction.id }, opening);
          }
          return message.id;
        },
        renameThread: (title, renaming) => renameThread(rest, message.id, title, renaming),
      });
    await claimed({ interaction, place, surface, answer }, signal, async (id) => {
      await entitlements?.note(interaction);
      await bring(id);
      await surface.settle();
    });
  }

  async function suggest(interaction: AutocompleteInteraction, signal: AbortSignal): Promise<void> {
    const { name, value } = interaction.options.getFocused(true);
    await entitlements?.note(interaction);
    const suggestions = await dispatch.suggest({
      command: interaction.commandName,
      option: name,
      text: value,
      actor: interactionActor(interaction),
      place: interactionPlace(interaction, null),
    });
    const choices = suggestions
      .slice(0, MAX_CHOICES)
      .map(({ label, value: id }) => ({ name: clip(label, SIZES.choice), value: id }));
    const type = InteractionResponseType.ApplicationCommandAutocompleteResult;
    await respond(interaction, { type, data: { choices } }, signal);
  }

  async function submitForm(
    interaction: ModalSubmitInteraction,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const about = abouts.read(interaction.customId);
    if (about !== null) return submitAbout(interaction, about, receivedAtMs, signal);
    const button = buttonOfForm(interaction.customId);
    if (button !== null)
      return bringPress(interaction, button, readForm(interaction.fields), receivedAtMs, signal);
    const command = commandOfForm(interaction.customId, commands);
    if (command === null) return refuse(interaction, DEAD_FORM, signal);
    const given = readForm(interaction.fields);
    await runCommand(interaction, { name: command.name, given, isFilledIn: true }, receivedAtMs, signal);
  }

  /** Asks for the question in a form: the message that it is about is known. */
  async function openAbout(
    interaction: MessageContextMenuCommandInteraction,
    signal: AbortSignal,
  ): Promise<void> {
    const data = abouts.formFor(interaction.targetMessage);
    await respond(interaction, { type: InteractionResponseType.Modal, data }, signal);
  }

  /** Deletes the answer that a person points at, if core lets them. */
  async function deleteAnswer(
    interaction: MessageContextMenuCommandInteraction,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { targetMessage: target, channelId, applicationId } = interaction;
    const surface = surfaceOf(interaction, { acknowledged: 'thinking', isPrivate: true }, receivedAtMs);
    const place = interactionPlace(interaction, target.id);
    const answer = {
      type: InteractionResponseType.DeferredChannelMessageWithSource,
      data: { flags: MessageFlags.Ephemeral },
    };
    await claimed({ interaction, place, surface, answer }, signal, async (id) => {
      await dispatch.deleteAnswer({
        id,
        actor: interactionActor(interaction),
        place,
        surface,
        message: target.id,
        isOwn: target.author.id === applicationId || target.applicationId === applicationId,
        async remove(keys) {
          for (const key of keys) {
            const path = Routes.channelMessage(channelId, key);
            await rest.insist({ method: 'DELETE', path }, signal).catch((error: unknown) => {
              if (!isRefusal(error, RESTJSONErrorCodes.UnknownMessage)) throw error;
            });
          }
        },
      });
      await surface.settle();
    });
  }

  async function submitAbout(
    interaction: ModalSubmitInteraction,
    about: About,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const name = options.commands.find(({ reply }) => reply === 'answer')?.name ?? 'ask';
    const given = readForm(interaction.fields);
    const find = async () => [await about.message(signal)].filter((part) => part !== null);
    await runCommand(interaction, { name, given, find }, receivedAtMs, signal);
  }

  /** Says something in private in the place of all else. */
  async function refuse(interaction: RepliableInteraction, text: string, signal: AbortSignal): Promise<void> {
    const body = firstBody(text);
    const data = { ...body, flags: body.flags | MessageFlags.Ephemeral };
    await respond(interaction, { type: InteractionResponseType.ChannelMessageWithSource, data }, signal);
  }

  return async (interaction, signal) => {
    const receivedAtMs = clock.now();
    if (interaction.isChatInputCommand()) await useCommand(interaction, receivedAtMs, signal);
    else if (interaction.isMessageContextMenuCommand() && interaction.commandName === DELETE_ANSWER)
      await deleteAnswer(interaction, receivedAtMs, signal);
    else if (interaction.isMessageContextMenuCommand()) {
      const command = options.commands.find(({ menu }) => menu === interaction.commandName);
      if (command === undefined) await openAbout(interaction, signal);
      else await useMenu(interaction, command, receivedAtMs, signal);
    } else if (interaction.isAutocomplete()) await suggest(interaction, signal);
    else if (interaction.isButton()) await press(interaction, receivedAtMs, signal);
    else if (interaction.isModalSubmit()) await submitForm(interaction, receivedAtMs, signal);
    else if (interaction.isRepliable()) await refuse(interaction, DEAD_BUTTON, signal);
  };
}

/** The thread that a message stands in, or that began with it: whoever sees the message sees it. */
async function threadOf({
  channel,
  guild,
  targetMessage: { id, hasThread },
}: MessageContextMenuCommandInteraction<'cached'>): Promise<AnyThreadChannel | null> {
  if (channel?.isThread()) return channel;
  const known = guild.channels.cache.get(id);
  // One that was archived is not known by itself.
  const found = known ?? (hasThread ? await guild.channels.fetch(id).catch(() => null) : null);
  return found?.isThread() ? found : null;
}

interface GivenCommand {
  readonly name: string;
  readonly given: Readonly<Record<string, unknown>>;
  /** Whether the options were filled into a form. */
  readonly isFilledIn?: boolean;
  /** Finds what the command is about, once it is acknowledged. */
  readonly find?: () => Promise<readonly BroughtPart[]>;
  /** In which it is used. */
  readonly thread?: AnyThreadChannel | null;
}

/** A file as core takes it; it hangs on no message, so that its address cannot be renewed. */
function givenValue({ value, attachment }: CommandInteractionOption): unknown {
  if (!attachment) return value;
  const { id, name, contentType, size, url } = attachment;
  return attachmentPart({ id, filename: name, content_type: contentType, size, url }, null);
}

/** Of an age that nobody remembers, or none of ours. */
const DEAD_BUTTON = 'This button has expired. Ask again with `/ask`.';
const NOT_STORED =
  'The bot cannot reach its database right now. Try again in a minute; if it keeps happening, tell the operator of this bot.';
const DEAD_FORM = 'This form has expired. Run the command again.';

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-autocomplete */
const MAX_CHOICES = 25;

const WELCOME = {
  all: 'Write here to go on; you need not mention me.',
  mentions: 'Mention me here to go on.',
};

function firstBody(text: string): MessageBody {
  const [body] = noticeBodies(text);
  if (body === undefined) throw new Error('a notice takes at least one message');
  return body;
}

import {
  type AnyThreadChannel,
  type AutocompleteInteraction,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type CommandInteractionOption,
  InteractionResponseType,
  type Message,
  type MessageContextMenuCommandInteraction,
  type ModalSubmitInteraction,
} from 'discord.js';
import type { Clock } from '../../../core/kit/clock.ts';
import { clip } from '../../../core/kit/text-size.ts';
import { type ButtonKind, buttonRow } from '../../../core/ports/buttons.ts';
import { type CommandDeclaration, isAskedInForm, optionsForOne } from '../../../core/ports/command.ts';
import type { Dispatch } from '../../../core/ports/events.ts';
import type { BroughtPart } from '../../../core/ports/parts.ts';
import type { Entitlements } from '../gateway/entitlements.ts';
import { interactionActor, interactionPlace } from '../gateway/places.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { SIZES } from '../rest/sizes.ts';
import { type Acknowledge, thinking } from './acknowledge.ts';
import { type About, createAbouts } from './ask-about.ts';
import { commandOfForm, formOf, readForm } from './form.ts';
import { attachmentPart } from './message-parts.ts';
import { readThread, type ThreadReaderOptions } from './read-thread.ts';
import type { SurfaceOf } from './surface-of.ts';

/** Commands in every form: typed, from a message's menu, or from a form. */
export interface CommandRunner {
  use(interaction: ChatInputCommandInteraction, receivedAtMs: number, signal: AbortSignal): Promise<void>;
  /** Handles an entry of a message's menu: a command about its thread, or a question about it. */
  useMenu(
    interaction: MessageContextMenuCommandInteraction,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void>;
  /** Runs the command of a button on the thread of its message. */
  useButton(
    interaction: ButtonInteraction,
    kind: ButtonKind,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void>;
  /** Brings what was filled into a form; false if the form is none of a command's. */
  submit(interaction: ModalSubmitInteraction, receivedAtMs: number, signal: AbortSignal): Promise<boolean>;
  suggest(interaction: AutocompleteInteraction, signal: AbortSignal): Promise<void>;
}

export interface CommandRunnerOptions extends ThreadReaderOptions {
  readonly rest: DiscordRest;
  readonly clock: Clock;
  readonly commands: readonly CommandDeclaration[];
  readonly dispatch: Dispatch;
  readonly entitlements: Entitlements | null;
  readonly acknowledge: Acknowledge;
  readonly surfaceOf: SurfaceOf;
}

interface GivenCommand {
  readonly name: string;
  readonly given: Readonly<Record<string, unknown>>;
  /** Whether the options come from a form. */
  readonly isFilledIn?: boolean;
  /** Finds the message that the command is about, after the acknowledgement. */
  readonly find?: () => Promise<readonly BroughtPart[]>;
  /** The thread in which it is used. */
  readonly thread?: AnyThreadChannel | null;
}

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-autocomplete */
const MAX_CHOICES = 25;

export function createCommandRunner(options: CommandRunnerOptions): CommandRunner {
  const { rest, clock, dispatch, entitlements, acknowledge, surfaceOf } = options;
  const commands = new Map(options.commands.map((command) => [command.name, command]));
  const abouts = createAbouts(rest, clock);

  async function run(
    interaction:
      | ChatInputCommandInteraction
      | MessageContextMenuCommandInteraction
      | ButtonInteraction
      | ModalSubmitInteraction,
    { name, given, find, thread = null, isFilledIn = false }: GivenCommand,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const isPrivate = commands.get(name)?.reply !== 'answer' || given['private'] === true;
    const surface = surfaceOf(interaction, { acknowledged: 'thinking', isPrivate }, receivedAtMs);
    await acknowledge.once(
      { interaction, answerKey: null, surface, response: thinking(isPrivate) },
      async (event) =>
        dispatch.command({
          ...event,
          command: name,
          options: given,
          isFilledIn,
          ...(find && { brought: await find() }),
          ...(thread && {
            readThread: (sinceMs, reading) => readThread(options, thread, interaction.id, sinceMs, reading),
          }),
        }),
      signal,
    );
  }

  /** Runs a command on a thread, for the person alone. */
  async function runOn(
    thread: AnyThreadChannel | null,
    interaction: MessageContextMenuCommandInteraction | ButtonInteraction,
    command: CommandDeclaration,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const given = optionsForOne(command);
    await run(interaction, { name: command.name, given, thread }, receivedAtMs, signal);
  }

  /** A form has to be the first response: whether the person may use it is known before, or they would fill it in vain. */
  async function openForm(
    interaction: ChatInputCommandInteraction,
    command: CommandDeclaration,
    signal: AbortSignal,
  ): Promise<void> {
    const admission = await dispatch.mayRun({
      command: command.name,
      actor: interactionActor(interaction),
      place: interactionPlace(interaction, null),
    });
    if (!admission.ok) return acknowledge.refuse(interaction, admission.notice.text, signal);
    const response = { type: InteractionResponseType.Modal, data: formOf(command) };
    await acknowledge.respond(interaction, response, signal);
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
    await run(interaction, { name, given, find }, receivedAtMs, signal);
  }

  return {
    async use(interaction, receivedAtMs, signal) {
      const { commandName: name, channel } = interaction;
      const command = commands.get(name);
      if (command !== undefined && isAskedInForm(command)) return openForm(interaction, command, signal);
      const given = Object.fromEntries(
        interaction.options.data.map((option) => [option.name, givenValue(option)]),
      );
      const thread = interaction.inCachedGuild() && channel?.isThread() ? channel : null;
      await run(interaction, { name, given, thread }, receivedAtMs, signal);
    },

    async useMenu(interaction, receivedAtMs, signal) {
      const command = options.commands.find(({ menu }) => menu === interaction.commandName);
      if (command === undefined) {
        const data = abouts.formFor(interaction.targetMessage);
        await acknowledge.respond(interaction, { type: InteractionResponseType.Modal, data }, signal);
        return;
      }
      const thread = interaction.inCachedGuild()
        ? await threadOf(interaction, interaction.targetMessage)
        : null;
      await runOn(thread, interaction, command, receivedAtMs, signal);
    },

    async useButton(interaction, kind, receivedAtMs, signal) {
      const command = commands.get(buttonRow(kind).command ?? '');
      if (command === undefined) throw new TypeError(`no command stands behind the button ${kind}`);
      const thread = interaction.inCachedGuild() ? await threadOf(interaction, interaction.message) : null;
      await runOn(thread, interaction, command, receivedAtMs, signal);
    },

    async submit(interaction, receivedAtMs, signal) {
      const about = abouts.read(interaction.customId);
      const command = commandOfForm(interaction.customId, commands);
      if (about !== null) await submitAbout(interaction, about, receivedAtMs, signal);
      else if (command !== null) {
        const { name } = command;
        const given = readForm(interaction.fields);
        await run(interaction, { name, given, isFilledIn: true }, receivedAtMs, signal);
      }
      return about !== null || command !== null;
    },

    async suggest(interaction, signal) {
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
      await acknowledge.respond(interaction, { type, data: { choices } }, signal);
    },
  };
}

/** The thread of a message, or the one that began with it. Everybody who sees the message sees that too. */
async function threadOf(
  { channel, guild }: MessageContextMenuCommandInteraction<'cached'> | ButtonInteraction<'cached'>,
  { id, hasThread }: Pick<Message, 'id' | 'hasThread'>,
): Promise<AnyThreadChannel | null> {
  if (channel?.isThread()) return channel;
  const known = guild.channels.cache.get(id);
  // An archived thread is not cached.
  const found = known ?? (hasThread ? await guild.channels.fetch(id).catch(() => null) : null);
  return found?.isThread() ? found : null;
}

/** A file in core's form. It belongs to no message, so its address cannot be renewed. */
function givenValue({ value, attachment }: CommandInteractionOption): unknown {
  if (!attachment) return value;
  const { id, name, contentType, size, url } = attachment;
  return attachmentPart({ id, filename: name, content_type: contentType, size, url }, null);
}

import { PermissionFlagsBits } from 'discord.js';
import type { Announcer } from './events.ts';
import { INTERACTION, type Interaction, type Interactions } from './interactions.ts';
import type { ModalBody, ModalField } from './limits.ts';
import type { MessageBoard } from './messages.ts';
import { channelPermissions } from './permissions.ts';
import { directChannel } from './routes-channels.ts';
import { type SeenMessage, seen } from './view.ts';
import {
  attachmentJson,
  channelJson,
  entitlementJson,
  holds,
  memberJson,
  messageJson,
  userJson,
} from './wire.ts';
import {
  type Attachment,
  CHANNEL,
  type Channel,
  type RegisteredCommand,
  type User,
  type World,
} from './world.ts';

type Json = Record<string, unknown>;

export interface ChannelRef {
  readonly id: string;
}

/** A command, button or form that a person used, and the app's reaction. */
export interface UsedInteraction {
  readonly id: string;
  readonly token: string;
  /** Resolves once the app acknowledged it. @throws after `Until`'s patience */
  acknowledged(): Promise<void>;
  readonly acknowledgedAfterMs: number | null;
  /** The app's answer to it, if it has one that still stands. */
  readonly reply: SeenMessage | null;
  /** The answer and every follow-up, oldest first. */
  readonly replies: readonly SeenMessage[];
  /** The form that it opened, if it did. */
  readonly modal: ModalBody | null;
}

/** A file as somebody attaches it. */
export interface GivenFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array | string;
}

export interface Saying {
  readonly replyTo?: ChannelRef;
  readonly files?: readonly GivenFile[];
}

export interface Whereabouts {
  readonly channel: ChannelRef;
  /** Uses the app as installed by this person alone, not by the guild. */
  readonly userInstalled?: boolean;
}

/** Somebody at a Discord client: does what the client would let them do, and no more. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly mention: string;
  /** Their direct messages with the bot. */
  readonly dm: ChannelRef;
  say(channel: ChannelRef, content: string, options?: Saying): SeenMessage;
  /** Passes a message on to another channel. */
  forward(message: ChannelRef, to: ChannelRef): SeenMessage;
  edit(message: ChannelRef, content: string): void;
  /** Discord adds the preview of a link to a message, which is no edit. */
  preview(message: ChannelRef): void;
  remove(message: ChannelRef): void;
  /** Opens a post in a forum; the thread and its first message have one id. */
  post(forum: ChannelRef, title: string, content: string): SeenMessage;
  slash(
    command: string,
    options: Readonly<Record<string, string | number | boolean | GivenFile>>,
    where: Whereabouts,
  ): UsedInteraction;
  /** Chooses a command in the menu of a message. */
  menu(command: string, message: SeenMessage, where: Whereabouts): UsedInteraction;
  /** Presses the button with this label. @throws where there is none, or it is disabled or not theirs to see */
  click(message: SeenMessage, label: string): UsedInteraction;
  /** Sends a component interaction that no client would: any id, on any message. */
  forge(message: ChannelRef, customId: string): UsedInteraction;
  /** Types into an option and resolves to what is offered. */
  autocomplete(
    command: string,
    option: string,
    typed: string,
    where: Whereabouts,
  ): Promise<readonly { readonly name: string; readonly value: string | number }[]>;
  /** Fills in the form that an interaction opened, and sends it. @throws where the client would not let it through */
  submit(modal: UsedInteraction, fields: Readonly<Record<string, string>>): UsedInteraction;
  /** Sends a form that nobody was shown: any id, any fields. */
  forgeForm(customId: string, fields: Readonly<Record<string, string>>, where: Whereabouts): UsedInteraction;
}

/** https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-option-type */
const ATTACHMENT = 11;

export type Until = (condition: () => boolean, what: string) => Promise<void>;

export function createPerson(
  user: User,
  world: World,
  board: MessageBoard,
  announce: Announcer,
  interactions: Interactions,
  until: Until,
): Person {
  function channelOf(ref: ChannelRef): Channel {
    const channel = world.channels.get(ref.id);
    if (!channel) throw new Error(`there is no channel ${ref.id}`);
    if (channelPermissions(world, channel, user.id) === 0n) {
      throw new Error(`${user.username} cannot see channel ${channel.name}`);
    }
    return channel;
  }

  function messageOf(ref: ChannelRef) {
    const message = world.messages.get(ref.id);
    if (!message) throw new Error(`there is no message ${ref.id}`);
    return message;
  }

  function commandNamed(name: string, channel: Channel): RegisteredCommand {
    const own = world.commands.get(channel.guildId) ?? [];
    const all = [...own, ...(world.commands.get(null) ?? [])];
    const command = all.find((each) => each.name === name);
    if (!command)
      throw new Error(`no command /${name} is registered; there are: ${all.map((each) => each.name)}`);
    const context = contextOf(channel);
    if (command.contexts && !command.contexts.includes(context)) {
      throw new Error(`/${name} is not offered in context ${context}`);
    }
    return command;
  }

  function attach({ name, type, bytes }: GivenFile): Attachment {
    return {
      id: world.nextId(),
      filename: name,
      contentType: type,
      description: null,
      bytes: new Uint8Array(Buffer.from(bytes)),
    };
  }

  function contextOf(channel: Channel): number {
    if (channel.guildId !== null) return 0;
    return channel.recipientIds.includes(world.application.bot.id) ? 1 : 2;
  }

  function use(
    type: number,
    label: string,
    channel: Channel,
    data: Json,
    more: { source?: ChannelRef; userInstalled?: boolean } = {},
  ): UsedInteraction {
    const permissions = channelPermissions(world, channel, user.id);
    const source = more.source ? messageOf(more.source) : null;
    const origin = interactions.get(source?.interaction?.id ?? '');
    const installedBy = more.userInstalled ? user.id : (origin?.installedBy ?? null);
    const interaction = interactions.create({
      type,
      userId: user.id,
      channel,
      label,
      source,
      installedBy,
      publicAllowed:
        installedBy === null ||
        channel.guildId === null ||
        (permissions & PermissionFlagsBits.UseExternalApps) !== 0n,
    });
    const guild = channel.guildId === null ? undefined : world.guilds.get(channel.guildId);
    const member = guild?.members.get(user.id);
    if (guild && installedBy === null && !guild.members.has(world.application.bot.id)) {
      throw new Error(`the app is not installed in ${guild.name}`);
    }
    const entitlements = world.entitlements.filter(
      (each) =>
        holds(world, each) && (each.userId === user.id || (guild !== undefined && each.guildId === guild.id)),
    );
    announce.interactionCreated(channel.guildId, {
      id: interaction.id,
      application_id: world.application.id,
      type,
      data,
      token: interaction.token,
      version: 1,
      channel_id: channel.id,
      channel: { ...channelJson(world, channel), permissions: permissions.toString() },
      app_permissions: channelPermissions(world, channel, world.application.bot.id).toString(),
      locale: 'en-US',
      entitlements: entitlements.map((each) => entitlementJson(world, each)),
      authorizing_integration_owners: installedBy === null ? { 0: guild?.id ?? '0' } : { 1: installedBy },
      context: contextOf(channel),
      attachment_size_limit: 10_485_760,
      ...(guild && member
        ? {
            guild_id: guild.id,
            guild: { id: guild.id, locale: 'en-US', features: [] },
            guild_locale: 'en-US',
            member: { ...memberJson(world, member), permissions: permissions.toString() },
          }
        : { user: userJson(user) }),
      ...(source ? { message: messageJson(world, source) } : {}),
    });
    return used(interaction);
  }

  function used(interaction: Interaction): UsedInteraction {
    const replies = () =>
      [...world.messages.values()]
        .filter((each) => each.interaction?.id === interaction.id)
        .map((each) => seen(world, each));
    return {
      id: interaction.id,
      token: interaction.token,
      acknowledged: () =>
        until(() => interaction.acknowledgedAtMs !== null, `${interaction.label} is acknowledged`),
      get acknowledgedAfterMs() {
        return interaction.acknowledgedAtMs === null
          ? null
          : interaction.acknowledgedAtMs - interaction.createdAtMs;
      },
      get reply() {
        const { original } = interaction;
        return original && world.messages.has(original.id) ? seen(world, original) : null;
      },
      get replies() {
        return replies();
      },
      get modal() {
        return interaction.modal;
      },
    };
  }

  function optionsOf(
    command: RegisteredCommand,
    given: Readonly<Record<string, string | number | boolean | GivenFile>>,
    channel: Channel,
  ): { readonly options: Json[]; readonly resolved: Json } {
    const attachments: Record<string, Json> = {};
    for (const option of command.options) {
      if (option.required && given[option.name] === undefined) {
        throw new Error(`/${command.name} requires ${option.name}`);
      }
    }
    const options = Object.entries(given).map(([name, value]) => {
      const option = command.options.find((each) => each.name === name);
      if (!option) throw new Error(`/${command.name} has no option ${name}`);
      if (typeof value !== 'object') return { name, type: option.type, value };
      if (option.type !== ATTACHMENT) throw new Error(`${name} takes no file`);
      const attachment = attach(value);
      world.uploads.set(attachment.id, attachment);
      attachments[attachment.id] = attachmentJson(world, channel.id, attachment);
      return { name, type: option.type, value: attachment.id };
    });
    return { options, resolved: { attachments } };
  }

  const press = (message: ChannelRef, customId: string, label: string) => {
    const source = messageOf(message);
    const channel = world.channels.get(source.channelId);
    if (!channel) throw new Error(`message ${message.id} is in no channel`);
    return use(
      INTERACTION.component,
      label,
      channel,
      { component_type: 2, custom_id: customId },
      { source: message },
    );
  };

  return {
    id: user.id,
    name: user.globalName ?? user.username,
    mention: `<@${user.id}>`,
    get dm() {
      return directChannel(world, user.id);
    },
    say(ref, content, options = {}) {
      const channel = channelOf(ref);
      const message = board.post({
        channel,
        authorId: user.id,
        files: (options.files ?? []).map(attach),
        body: {
          content,
          ...(options.replyTo ? { message_reference: { message_id: options.replyTo.id } } : {}),
        },
      });
      return seen(world, message);
    },
    forward(ref, to) {
      const message = board.post({
        channel: channelOf(to),
        authorId: user.id,
        body: { content: '' },
        forwards: structuredClone(messageOf(ref)),
      });
      return seen(world, message);
    },
    edit(ref, content) {
      board.edit(messageOf(ref), { content }, [], 'bot');
    },
    preview(ref) {
      board.announceUpdate(messageOf(ref));
    },
    remove(ref) {
      board.remove(messageOf(ref));
    },
    post(forum, title, content) {
      const parent = channelOf(forum);
      if (parent.type !== CHANNEL.forum) throw new Error(`${parent.name} is no forum`);
      const thread = board.openThread(parent, {
        name: title,
        ownerId: user.id,
        type: CHANNEL.publicThread,
      });
      const first = board.post({ channel: thread, authorId: user.id, body: { content }, id: thread.id });
      return seen(world, first);
    },
    slash(name, options, where) {
      const channel = channelOf(where.channel);
      const command = commandNamed(name, channel);
      const data = { id: command.id, name, type: 1, ...optionsOf(command, options, channel) };
      return use(INTERACTION.command, `/${name}`, channel, data, where);
    },
    menu(name, { id }, where) {
      const channel = channelOf(where.channel);
      const command = commandNamed(name, channel);
      const target = messageOf({ id });
      const data = {
        id: command.id,
        name,
        type: 3,
        target_id: id,
        resolved: { messages: { [id]: messageJson(world, target) } },
      };
      return use(INTERACTION.command, name, channel, data, where);
    },
    click(message, label) {
      const current = seen(world, messageOf(message));
      if (current.onlyVisibleTo !== null && current.onlyVisibleTo !== user.id) {
        throw new Error(`${user.username} cannot see this message`);
      }
      const button = current.buttons.find((each) => each.label === label);
      if (!button?.customId || button.disabled) {
        throw new Error(
          `no button "${label}" to press; there are: ${current.buttons.map((each) => each.label)}`,
        );
      }
      return press(message, button.customId, `button ${label}`);
    },
    forge: (message, customId) => press(message, customId, `forged ${customId}`),
    async autocomplete(name, option, typed, where) {
      const channel = channelOf(where.channel);
      const command = commandNamed(name, channel);
      const declared = command.options.find((each) => each.name === option);
      if (!declared?.autocomplete) throw new Error(`/${name} ${option} has no autocomplete`);
      const data = {
        id: command.id,
        name,
        type: 1,
        options: [{ name: option, type: declared.type, value: typed, focused: true }],
      };
      const result = use(INTERACTION.autocomplete, `autocomplete ${name} ${option}`, channel, data, where);
      await result.acknowledged();
      return interactions.get(result.id)?.choices ?? [];
    },
    submit(modal, fields) {
      const opened = interactions.get(modal.id);
      if (!opened?.modal) throw new Error('no form was opened');
      const { custom_id, components: labels } = opened.modal;
      const components = labels.map(({ component }) => fill(component, fields[component.custom_id]));
      return use(
        INTERACTION.modalSubmit,
        'form',
        opened.channel,
        { custom_id, components },
        opened.source ? { source: opened.source } : {},
      );
    },
    forgeForm(customId, fields, where) {
      const components = Object.entries(fields).map(([custom_id, value]) => ({
        type: 18,
        component: { type: 4, custom_id, value },
      }));
      const data = { custom_id: customId, components };
      return use(INTERACTION.modalSubmit, 'forged form', channelOf(where.channel), data, where);
    },
  };
}

/** A field of a form as the client sends it. @throws where the client would not let it through */
function fill(component: ModalField, given = ''): Json {
  const { custom_id, type, required } = component;
  if ((required ?? true) && given === '') throw new Error(`${custom_id} is required`);
  if (type === 4) {
    if (given.length > (component.max_length ?? 4000)) throw new Error(`${custom_id} is too long`);
    return { type: 18, component: { type, custom_id, value: given } };
  }
  const chosen = component.options.filter(({ label, value }) => label === given || value === given);
  if (given !== '' && chosen.length === 0) throw new Error(`${custom_id} has no option ${given}`);
  return { type: 18, component: { type, custom_id, values: chosen.map(({ value }) => value) } };
}

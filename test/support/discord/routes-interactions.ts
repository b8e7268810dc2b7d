import { apiError } from './errors.ts';
import { INTERACTION, type Interaction, type Interactions } from './interactions.ts';
import { FLAGS, type MessageBody, parseChoices, parseMessage, parseModal } from './limits.ts';
import type { MessageBoard } from './messages.ts';
import type { Call, Route } from './router.ts';
import { isLoading, messageJson } from './wire.ts';
import type { Attachment, Message, World } from './world.ts';

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-callback-type */
const CALLBACK = { message: 4, defer: 5, deferUpdate: 6, update: 7, choices: 8, modal: 9 } as const;

/** For apps that a user alone brought. */
const FOLLOW_UPS = 5;

/** The first response to an interaction, and its webhook for 15 minutes after that. */
export function interactionRoutes(world: World, board: MessageBoard, interactions: Interactions): Route[] {
  function reply(interaction: Interaction, body: MessageBody, files: readonly Attachment[]): Message {
    const { channel, userId } = interaction;
    const flags = (body.flags ?? 0) | (interaction.publicAllowed ? 0 : FLAGS.ephemeral);
    return board.post({
      channel,
      authorId: world.application.bot.id,
      body: { ...body, flags },
      files,
      sender: 'webhook',
      ephemeralTo: flags & FLAGS.ephemeral ? userId : null,
      interaction,
      type: 20,
    });
  }

  function callback(call: Call): object | undefined {
    const { id = '', token = '' } = call.params;
    const { type, data } = call.body as { type: number; data?: unknown };
    const interaction = interactions.toAcknowledge(id, token);
    switch (type) {
      case CALLBACK.message:
        interaction.original = reply(interaction, parseMessage(data), call.files);
        break;
      case CALLBACK.defer: {
        // Only the ephemeral flag counts when deferring.
        const asked = parseMessage(data).flags ?? 0;
        interaction.original = reply(interaction, { flags: (asked & FLAGS.ephemeral) | FLAGS.loading }, []);
        break;
      }
      case CALLBACK.deferUpdate:
        interaction.original = interaction.source;
        break;
      case CALLBACK.update: {
        const source = sourceOf(interaction);
        board.edit(source, parseMessage(data), call.files, 'webhook');
        interaction.original = source;
        break;
      }
      case CALLBACK.choices:
        interaction.choices = parseChoices(data).choices;
        break;
      case CALLBACK.modal:
        // A form cannot be answered with a form.
        if (interaction.type === INTERACTION.modalSubmit) throw apiError('notFound');
        interaction.modal = parseModal(data);
        break;
      default:
        throw apiError('notFound');
    }
    interaction.acknowledgedAtMs = world.clock.now();
    if (call.query.get('with_response') !== 'true') return undefined;
    const message = interaction.original;
    return {
      interaction: { id, type: interaction.type, response_message_id: message?.id },
      ...(message ? { resource: { type, message: messageJson(world, message) } } : {}),
    };
  }

  function sourceOf(interaction: Interaction): Message {
    if (!interaction.source || !world.messages.has(interaction.source.id)) throw apiError('unknownMessage');
    return interaction.source;
  }

  function interactionOf({ params }: Call): Interaction {
    return interactions.byToken(params['application'] ?? '', params['token'] ?? '');
  }

  /** A message of this interaction: `@original`, or a follow-up by its id. */
  function target(call: Call): Message {
    const interaction = interactionOf(call);
    const id = call.params['message'] ?? '@original';
    const message = id === '@original' ? interaction.original : world.messages.get(id);
    // The message whose button was pressed is documented as the original alone: the webhook need not have sent it.
    const mine = id === '@original' || message?.interaction?.id === interaction.id;
    if (!message || !mine || !world.messages.has(message.id)) throw apiError('unknownMessage');
    if (!world.channels.has(message.channelId)) throw apiError('unknownChannel');
    return message;
  }

  const webhook = '/webhooks/:application/:token';
  const bot = false;
  return [
    { method: 'POST', path: '/interactions/:id/:token/callback', bot, handle: callback },
    {
      method: 'POST',
      path: webhook,
      bot,
      handle: (call) => {
        const interaction = interactionOf(call);
        const body = parseMessage(call.body);
        if (interaction.installedBy !== null && interaction.followUps >= FOLLOW_UPS) {
          throw apiError('tooManyFollowUps');
        }
        interaction.followUps++;
        const { original } = interaction;
        // The first follow-up takes the place of the "thinking" message.
        if (original && isLoading(original) && world.messages.has(original.id)) {
          board.fulfil(original, body, call.files);
          return messageJson(world, original);
        }
        return messageJson(world, reply(interaction, body, call.files));
      },
    },
    {
      method: 'GET',
      path: `${webhook}/messages/:message`,
      bot,
      handle: (call) => messageJson(world, target(call)),
    },
    {
      method: 'PATCH',
      path: `${webhook}/messages/:message`,
      bot,
      handle: (call) => {
        const message = target(call);
        const body = parseMessage(call.body);
        if (world.channels.get(message.channelId)?.thread?.archived) throw apiError('archivedThread');
        if (isLoading(message)) board.fulfil(message, body, call.files);
        else board.edit(message, body, call.files, 'webhook');
        return messageJson(world, message);
      },
    },
    {
      method: 'DELETE',
      path: `${webhook}/messages/:message`,
      bot,
      handle: (call) => {
        board.remove(target(call));
        return undefined;
      },
    },
  ];
}

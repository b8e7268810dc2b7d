import type { Delivery } from './delivery.ts';
import type { Outcome } from './envelope.ts';
import { buttonAction, elementsOf, formValues, optionsOf } from './forms.ts';
import { asList, asString, isJson, type Json } from './json.ts';
import { fileJson, type MethodContext, messageJson } from './method.ts';
import { messageEvent } from './methods/chat.ts';
import type { OpenModals } from './methods/views.ts';
import { bodyOf, buttonsOf, type SeenMessage, see, viewText } from './reading.ts';
import type { ResponseUrls } from './response-urls.ts';
import type { Triggers } from './triggers.ts';
import { typedBehindCommand } from './typed.ts';
import type { SlackFile, SlackMessage } from './workspace.ts';

/** Somebody at a keyboard. Each verb does what the person would do and lets Slack tell the app. */
export interface Person {
  readonly id: string;
  readonly name: string;
  /** Writes a message. Resolves as soon as it stands; its events travel on their own. */
  say(channel: string, text: string, options?: Saying): SeenMessage;
  /** Passes a message on to another channel. */
  forward(message: Place, to: string, text?: string): SeenMessage;
  edit(message: Place, text: string): void;
  /** Slack adds the preview of a link to a message, which is no edit. */
  preview(message: Place): void;
  remove(message: Place): void;
  /** Types a slash command, mentions as `<@U…>` and `<!subteam^S…>`. Resolves to what became of its delivery. */
  slash(command: string, text: string, options: { readonly channel: string }): Promise<Outcome>;
  /** Slack's payload of a slash command, to be changed and delivered by hand. */
  commandPayload(command: string, text: string, channel: string): Json;
  /** Presses a button of a message that this person sees, by its label. */
  click(message: Place, label: string): Promise<Outcome>;
  /** Presses a button of the home tab or of the uppermost modal, by its label. */
  clickInView(label: string): Promise<Outcome>;
  /** Chooses an option of a select, by its label, in a message, the home tab or the uppermost modal. */
  choose(label: string, where?: Place): Promise<Outcome>;
  /** Types into a select of the uppermost modal that asks the app for its options. Resolves to their labels. */
  search(actionId: string, text: string): Promise<string[]>;
  /** Submits the uppermost modal with values by action id, and files in its input for them. */
  submit(values?: Readonly<Record<string, string>>, files?: readonly GivenFile[]): Promise<Outcome>;
  shortcut(callbackId: string, message: Place): Promise<Outcome>;
  openHome(tab?: 'home' | 'messages'): void;
  /** Presses Slack's own stop in the agent view. */
  stopSession(channel: string, thread: string): void;
  /** The DM with the bot. */
  readonly dm: string;
  /** The messages in a channel that only this person sees. */
  privateTexts(channel: string): SeenMessage[];
  /** The text of the home tab and of the uppermost modal, as read; empty where there is none. */
  home(): string;
  modal(): string;
}

/** A file as somebody attaches it. */
export interface GivenFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array | string;
}

export interface Saying {
  readonly thread?: string;
  readonly files?: readonly GivenFile[];
  readonly attachments?: readonly Json[];
  /** As an app of the workspace can post in the name of a person. */
  readonly metadata?: Json;
}

interface Place {
  readonly channel: string;
  readonly ts: string;
}

export function createPerson(
  id: string,
  deps: {
    readonly context: MethodContext;
    readonly delivery: Delivery;
    readonly triggers: Triggers;
    readonly responseUrls: ResponseUrls;
    readonly modals: OpenModals;
  },
): Person {
  const { context, delivery, triggers, responseUrls, modals } = deps;
  const { workspace, app } = context;
  const user = workspace.users.get(id);
  if (user === undefined) throw new Error(`no such user: ${id}`);

  function stored(place: Place): SlackMessage {
    const message = workspace.find(place.channel, place.ts);
    if (message === undefined) throw new Error(`no such message: ${place.channel} ${place.ts}`);
    if (message.ephemeralTo !== null && message.ephemeralTo !== id)
      throw new Error('not visible to this person');
    return message;
  }

  function basics(): Json {
    return {
      token: 'verification-token',
      api_app_id: 'A0PARLEY',
      is_enterprise_install: false,
      enterprise: null,
      team: { id: workspace.teamId, domain: 'fake' },
      user: { id, username: user?.name, name: user?.name, team_id: user?.teamId },
      trigger_id: triggers.create(id),
    };
  }

  /** The options of the last search. */
  let offered: Json[] = [];

  const interact = (payload: Json) => delivery.deliver({ type: 'interactive', payload });

  function upload({ name, type, bytes }: GivenFile): SlackFile {
    const id = workspace.nextId('F');
    const file: SlackFile = {
      id,
      name,
      mediaType: type,
      bytes: new Uint8Array(Buffer.from(bytes)),
      altText: '',
    };
    workspace.files.set(id, file);
    return file;
  }

  /** A block action on a message or on a view. */
  function act(action: Json, where: SlackMessage | Json): Promise<Outcome> {
    const actions = [{ action_ts: workspace.nextTs(), ...action }];
    if (!('ts' in where && 'history' in where)) {
      const view = where as Json;
      return interact({
        ...basics(),
        type: 'block_actions',
        container: { type: 'view', view_id: view['id'] },
        view,
        actions,
      });
    }
    const message = where as SlackMessage;
    const channel = workspace.channels.get(message.channel);
    return interact({
      ...basics(),
      type: 'block_actions',
      container: {
        type: 'message',
        message_ts: message.ts,
        channel_id: message.channel,
        is_ephemeral: message.ephemeralTo !== null,
        ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
      },
      channel: { id: message.channel, name: channel?.name },
      ...(message.ephemeralTo === null ? { message: messageJson(message, context) } : {}),
      response_url: responseUrls.create({ channel: message.channel, user: id, message }),
      actions,
    });
  }

  function commandPayload(command: string, text: string, channel: string): Json {
    return {
      token: 'verification-token',
      team_id: workspace.teamId,
      team_domain: 'fake',
      channel_id: channel,
      channel_name: workspace.channels.get(channel)?.name ?? 'privategroup',
      user_id: id,
      user_name: user?.name,
      command,
      text,
      api_app_id: 'A0PARLEY',
      is_enterprise_install: 'false',
      response_url: responseUrls.create({ channel, user: id, message: null }),
      trigger_id: triggers.create(id),
    };
  }

  function views(): Json[] {
    const home = workspace.homes.get(id);
    return [...(modals.get(id) ?? []).slice(-1), ...(home === undefined ? [] : [home])];
  }

  /** Also of a message that is edited: Slack sends the mention again then. */
  function mention(message: SlackMessage): void {
    const channel = workspace.channels.get(message.channel);
    if (channel === undefined || channel.kind === 'im') return;
    if (!message.content.text.includes(`<@${app.botUserId}>`)) return;
    // It carries no files.
    const { channel_type, files, ...event } = messageEvent(message, channel, context) as Json;
    void channel_type;
    void files;
    context.emit({ ...event, type: 'app_mention', client_msg_id: workspace.nextId('M') });
  }

  function changed({ channel }: SlackMessage, message: Json, before: Json): Json {
    return {
      type: 'message',
      subtype: 'message_changed',
      hidden: true,
      channel,
      channel_type: workspace.channels.get(channel)?.kind,
      message,
      previous_message: before,
      ts: workspace.nextTs(),
    };
  }

  async function settleSubmission(view: Json, outcome: Outcome): Promise<void> {
    const stack = modals.get(id) ?? [];
    const answer = outcome.acked && isJson(outcome.body) ? outcome.body : {};
    if (!outcome.acked || answer['response_action'] === 'errors') return;
    if (answer['response_action'] === 'clear') return void modals.set(id, []);
    if (answer['response_action'] === 'update' && isJson(answer['view'])) {
      stack[stack.length - 1] = { ...answer['view'], id: view['id'] };
      return;
    }
    stack.pop();
  }

  const person: Person = {
    id,
    name: user.name,
    get dm() {
      return workspace.directMessageWith(id, app.botUserId).id;
    },
    say(channelId, text, options = {}) {
      const channel = workspace.channels.get(channelId);
      if (channel === undefined || !channel.members.has(id))
        throw new Error(`${user.name} is not in ${channelId}`);
      const message = workspace.add({
        channel: channelId,
        threadTs: options.thread ?? null,
        user: id,
        botId: null,
        ephemeralTo: null,
        content: { text, ...(options.attachments ? { attachments: options.attachments } : {}) },
        metadata: options.metadata,
        files: (options.files ?? []).map(upload),
        stream: null,
      });
      context.emit({ ...messageEvent(message, channel, context), client_msg_id: workspace.nextId('M') });
      mention(message);
      return see(message, workspace);
    },
    forward(place, to, text = '') {
      const original = stored(place);
      const { user: author, files } = original;
      const share = {
        is_share: true,
        ts: original.ts,
        channel_id: original.channel,
        author_id: author,
        author_name: workspace.users.get(author)?.name,
        text: original.content.text,
        fallback: original.content.text,
        ...(files.length === 0 ? {} : { files: files.map((file) => fileJson(file, context)) }),
      };
      return person.say(to, text, { attachments: [share] });
    },
    edit(place, text) {
      const message = stored(place);
      const before = messageJson(message, context);
      workspace.replace(message, { text });
      context.emit(changed(message, messageJson(message, context), before));
      mention(message);
    },
    preview(place) {
      const message = stored(place);
      const before = messageJson(message, context);
      const attachments = [{ from_url: 'https://example.com/', title: 'An example', fallback: 'An example' }];
      workspace.touch(message, { ...message.content, attachments });
      context.emit(changed(message, messageJson(message, context), before));
    },
    remove(place) {
      const message = stored(place);
      if (workspace.list(place.channel, place.ts).length > 1) {
        // A message with replies stays, as the sign that something stood there.
        const before = messageJson(message, context);
        workspace.replace(message, { text: 'This message was deleted.' });
        const tombstone = { ...messageJson(message, context), subtype: 'tombstone', user: 'USLACKBOT' };
        context.emit(changed(message, { ...tombstone, hidden: true, thread_ts: place.ts }, before));
        return;
      }
      message.deleted = true;
      context.emit({
        type: 'message',
        subtype: 'message_deleted',
        hidden: true,
        channel: place.channel,
        channel_type: workspace.channels.get(place.channel)?.kind,
        deleted_ts: place.ts,
        previous_message: messageJson(message, context),
        ts: workspace.nextTs(),
      });
    },
    commandPayload,
    async slash(command, text, { channel }) {
      if (!app.commands.has(command)) throw new Error(`${command} is not a command of this app`);
      return settleReply(
        await delivery.deliver({
          type: 'slash_commands',
          payload: commandPayload(
            command,
            typedBehindCommand(text, app.escaped.has(command), workspace),
            channel,
          ),
        }),
        channel,
      );
    },
    async click(place, label) {
      const message = stored(place);
      const button = buttonsOf(message.content.blocks ?? []).find((candidate) => candidate.label === label);
      if (button === undefined)
        throw new Error(`no button "${label}" under: ${bodyOf(message.content).slice(0, 200)}`);
      return act(buttonAction(button), message);
    },
    async clickInView(label) {
      for (const view of views()) {
        const button = buttonsOf(asList(view['blocks'])).find((candidate) => candidate.label === label);
        if (button !== undefined) return act(buttonAction(button), view);
      }
      throw new Error(`no button "${label}" in a view`);
    },
    async choose(label, place) {
      const where = place === undefined ? views() : [stored(place)];
      for (const owner of where) {
        const blocks =
          'history' in owner
            ? ((owner as SlackMessage).content.blocks ?? [])
            : asList((owner as Json)['blocks']);
        for (const block of blocks) {
          for (const element of elementsOf(block)) {
            const option = optionsOf(element).find(
              (candidate) => isJson(candidate['text']) && candidate['text']['text'] === label,
            );
            if (option === undefined) continue;
            return act(
              {
                type: element['type'],
                action_id: element['action_id'],
                block_id: block['block_id'],
                selected_option: option,
              },
              owner,
            );
          }
        }
      }
      throw new Error(`no option "${label}"`);
    },
    async search(actionId, text) {
      const view = modals.get(id)?.at(-1);
      if (view === undefined) throw new Error(`${user.name} has no modal open`);
      const { trigger_id, ...rest } = basics();
      void trigger_id;
      const outcome = await interact({
        ...rest,
        type: 'block_suggestion',
        container: { type: 'view', view_id: view['id'] },
        view,
        block_id: actionId,
        action_id: actionId,
        value: text,
      });
      offered = outcome.acked && isJson(outcome.body) ? asList(outcome.body['options']) : [];
      return offered.map((option) => (isJson(option['text']) ? asString(option['text']['text']) : ''));
    },
    async submit(values = {}, files = []) {
      const view = modals.get(id)?.at(-1);
      if (view === undefined) throw new Error(`${user.name} has no modal open`);
      const uploaded = files.map((file) => fileJson(upload(file), context));
      const outcome = await interact({
        ...basics(),
        type: 'view_submission',
        view: { ...view, state: { values: formValues(view, values, offered, uploaded) } },
        response_urls: [],
      });
      await settleSubmission(view, outcome);
      return outcome;
    },
    async shortcut(callbackId, place) {
      if (!app.shortcuts.has(callbackId)) throw new Error(`${callbackId} is not a shortcut of this app`);
      const message = stored(place);
      return interact({
        ...basics(),
        type: 'message_action',
        callback_id: callbackId,
        channel: { id: message.channel, name: workspace.channels.get(message.channel)?.name },
        message_ts: message.ts,
        message: messageJson(message, context),
        response_url: responseUrls.create({ channel: message.channel, user: id, message: null }),
      });
    },
    openHome(tab = 'home') {
      const channel = workspace.directMessageWith(id, app.botUserId).id;
      context.emit({ type: 'app_home_opened', user: id, channel, tab, event_ts: workspace.nextTs() });
    },
    stopSession(channel, thread) {
      const streaming = workspace.list(channel, thread).filter((message) => workspace.isStreaming(message));
      for (const message of streaming) {
        if (message.stream !== null) message.stream.state = 'stopped_by_user';
      }
      context.emit({
        type: 'agent_session_stopped',
        channel,
        user: id,
        thread_ts: thread,
        streaming_message_ts: streaming.map((message) => message.ts),
        event_ts: workspace.nextTs(),
      });
    },
    privateTexts: (channel) => workspace.ephemerals(id, channel).map((message) => see(message, workspace)),
    home: () => viewText(workspace.homes.get(id) ?? {}),
    modal: () => viewText(modals.get(id)?.at(-1) ?? {}),
  };
  return person;

  /** A command's acknowledgement may carry an ephemeral reply. */
  function settleReply(outcome: Outcome, channel: string): Outcome {
    const text = outcome.acked && isJson(outcome.body) ? asString(outcome.body['text']) : '';
    if (text !== '') {
      workspace.add({
        channel,
        threadTs: null,
        user: app.botUserId,
        botId: app.botId,
        ephemeralTo: id,
        content: { text },
        metadata: undefined,
        files: [],
        stream: null,
      });
    }
    return outcome;
  }
}

import type { App } from '@slack/bolt';
import type { z } from 'zod';
import { BUTTON_KINDS } from '../../../core/ports/buttons.ts';
import { FORM_CALLBACK, openForm, readContext, receiveForm } from '../commands/command-form.ts';
import type { FilledForm } from '../commands/form-inputs.ts';
import { PRESS_CALLBACK, readPressContext } from '../commands/press-form.ts';
import {
  ASK_ABOUT,
  DELETE_ANSWER,
  menuOf,
  receiveDeletion,
  receiveMenu,
  receiveShortcut,
} from '../commands/shortcuts.ts';
import { commandId, receiveCommand } from '../commands/slash-commands.ts';
import { suggestOptions } from '../commands/suggestions.ts';
import type { SlackContext } from '../context.ts';
import {
  commandBody,
  homeOpenedEvent,
  memberJoinedEvent,
  messageEvent,
  pressBody,
  sessionStoppedEvent,
  shortcutBody,
  suggestionBody,
  teamOf,
  viewActionBody,
  viewBody,
} from '../payloads/payloads.ts';
import { FEEDBACK_ACTION, markdownContent } from '../text/message-content.ts';
import { createDeeds, type Deed, type Deeds } from './deeds.ts';
import { CHOOSE_MODEL, publishHome } from './home.ts';
import { receiveJoin } from './joins.ts';
import { buttonOf, pressId, receivePress, receivePressForm, threadOf } from './presses.ts';
import { receiveMessage } from './receive-message.ts';
import { receiveStop } from './sessions.ts';

/**
 * Registers Bolt's listeners. Questions are claimed in the store before the acknowledgement (messages by `claimsFirst`), and
 * everything is acknowledged before any lookup, because Slack waits three seconds.
 */
export function listen(app: App, slack: SlackContext): void {
  const deeds = createDeeds(slack);
  listenToEvents(app, slack, deeds);
  listenToCommands(app, slack, deeds);
  listenToButtons(app, slack, deeds);
  listenToShortcuts(app, slack, deeds);
  listenToForms(app, slack, deeds);
  app.options<'block_suggestion'>({ type: 'block_suggestion' }, async ({ ack, body }) => {
    const parsed = suggestionBody.parse(body);
    const isOurTeam = await deeds.isOurs('a list', parsed.team?.id ?? null, null);
    await ack({ options: isOurTeam ? await suggestOptions(slack, parsed) : [] });
  });
}

function listenToEvents(app: App, slack: SlackContext, { isOurs, handle }: Deeds): void {
  function on(type: string, what: string, work: (payload: unknown) => Promise<void>): void {
    app.event(type, async ({ body, payload }) => {
      if (await isOurs(what, teamOf(body), null)) await handle(what, null, () => work(payload));
    });
  }

  for (const type of ['message', 'app_mention']) {
    on(type, 'a message', (payload) => receiveMessage(slack, messageEvent.parse(payload)));
  }
  on('app_home_opened', 'a home tab', async (payload) => {
    const { user, tab } = homeOpenedEvent.parse(payload);
    if (tab === 'home') await publishHome(slack, user);
  });
  on('member_joined_channel', 'a new member', (payload) =>
    receiveJoin(slack, memberJoinedEvent.parse(payload)),
  );
  on('agent_session_stopped', 'a stop', (payload) => receiveStop(slack, sessionStoppedEvent.parse(payload)));
}

function listenToCommands(app: App, slack: SlackContext, deeds: Deeds): void {
  for (const command of slack.commands) {
    app.command(`/${command.name}`, async ({ ack, body }) => {
      const parsed = commandBody.parse(body);
      const { team_id: team, channel_id: channel, user_id: user, response_url: responseUrl } = parsed;
      await deeds.handleOnce(
        { what: 'a command', id: commandId(parsed), team, channel, user, threadTs: null, responseUrl },
        ack,
        () => receiveCommand(slack, command, parsed),
        (text) => ack({ response_type: 'ephemeral', ...markdownContent(text) } as { text: string }),
      );
    });
  }
}

function listenToButtons(app: App, slack: SlackContext, deeds: Deeds): void {
  for (const action of [...BUTTON_KINDS, FEEDBACK_ACTION]) {
    app.action(action, async ({ ack, body }) => {
      const press = pressBody.parse(body);
      const pressed = buttonOf(press);
      if (pressed === null) return ack();
      const deed = {
        what: 'a button',
        id: pressId(slack, pressed.kind, press),
        team: press.team?.id ?? null,
        channel: press.channel.id,
        user: press.user.id,
        threadTs: threadOf(press),
        responseUrl: press.response_url,
      };
      await deeds.handleOnce(deed, ack, () => receivePress(slack, pressed, press));
    });
  }
  app.action(CHOOSE_MODEL, async ({ ack, body }) => {
    await ack();
    const { team, user, trigger_id } = viewActionBody.parse(body);
    const command = slack.commands.find(({ name }) => name === 'model');
    if (command === undefined || !(await deeds.isOurs('a button', team?.id ?? null, null))) return;
    await deeds.handle('a button', null, async () => {
      const channel = await slack.workspace.directChannel(user.id, slack.signal);
      const context = { channel, responseUrl: '' };
      await openForm(slack, command, trigger_id, context, { preset: { scope: 'guild' } });
    });
  });
}

function listenToShortcuts(app: App, slack: SlackContext, deeds: Deeds): void {
  const what = 'a shortcut';

  function on(name: string, work: (id: string, body: z.infer<typeof shortcutBody>) => Promise<void>): void {
    app.shortcut(name, async ({ ack, body }) => {
      const parsed = shortcutBody.parse(body);
      const deed = {
        what,
        id: `slack:${slack.workspace.team}/${name}/${parsed.trigger_id}`,
        team: parsed.team?.id ?? null,
        channel: parsed.channel.id,
        user: parsed.user.id,
        threadTs: parsed.message.thread_ts ?? null,
        responseUrl: parsed.response_url,
      };
      await deeds.handleOnce(deed, ack, () => work(deed.id, parsed));
    });
  }

  app.shortcut(ASK_ABOUT, async ({ ack, body }) => {
    await ack();
    const parsed = shortcutBody.parse(body);
    const { team, response_url: responseUrl } = parsed;
    if (!(await deeds.isOurs(what, team?.id ?? null, responseUrl))) return;
    await deeds.handle(what, responseUrl, () => receiveShortcut(slack, parsed));
  });
  for (const command of slack.commands) {
    if (command.menu === undefined) continue;
    on(menuOf(command), (id, body) => receiveMenu(slack, id, command, body));
  }
  on(DELETE_ANSWER, (id, body) => receiveDeletion(slack, id, body));
}

function listenToForms(app: App, slack: SlackContext, deeds: Deeds): void {
  /** Handles a submitted form. A form without context does not say where it was opened. */
  function on<C extends Pick<Deed, 'channel' | 'threadTs' | 'responseUrl'>>(
    callback: string,
    read: (metadata: string) => C | null,
    work: (form: FilledForm<C>) => Promise<void>,
  ): void {
    app.view(callback, async ({ ack, body }) => {
      const { team, user: person, view } = viewBody.parse(body);
      const context = read(view.private_metadata);
      if (context === null) {
        await ack();
        return void (await deeds.isOurs('a form', team?.id ?? null, null));
      }
      const { channel, threadTs, responseUrl } = context;
      const { values } = view.state;
      const [id, user] = [`slack:${slack.workspace.team}/form/${view.id}`, person.id];
      await deeds.handleOnce(
        { what: 'a form', id, team: team?.id ?? null, channel, user, threadTs, responseUrl },
        ack,
        () => work({ id, user, context, values }),
        // The form stays open, so that nothing typed is lost.
        (text) => ack({ response_action: 'errors', errors: { [Object.keys(values)[0] ?? '']: text } }),
      );
    });
  }

  on(FORM_CALLBACK, readContext, (form) => receiveForm(slack, form));
  on(PRESS_CALLBACK, readPressContext, (form) => receivePressForm(slack, form));
}

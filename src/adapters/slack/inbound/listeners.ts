import type { App } from '@slack/bolt';
import { BUTTON_KINDS } from '../../../core/ports/buttons.ts';
import { openForm, receiveCommandForm, suggestOptions } from '../commands/command-form.ts';
import { FORM_CALLBACK, readContext } from '../commands/forms.ts';
import {
  ASK_ABOUT,
  DELETE_ANSWER,
  menuOf,
  receiveDeletion,
  receiveShortcut,
  runOnThread,
} from '../commands/shortcuts.ts';
import { receiveCommand } from '../commands/slash-commands.ts';
import type { SlackContext } from '../context.ts';
import {
  commandBody,
  homeOpenedEvent,
  interaction,
  memberJoinedEvent,
  messageEvent,
  pressBody,
  type ShortcutBody,
  sessionStoppedEvent,
  shortcutBody,
  suggestionBody,
  teamOf,
  viewBody,
} from '../payloads/payloads.ts';
import { FEEDBACK_ACTION, markdownContent } from '../text/message-content.ts';
import { createDeeds, type Deeds } from './deeds.ts';
import { CHOOSE_MODEL, publishHome } from './home.ts';
import { receiveJoin } from './joins.ts';
import { pressId, receivePress, receivePressForm } from './presses.ts';
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
    const isOurs = await deeds.isOurs('a list', parsed);
    await ack({ options: isOurs ? await suggestOptions(slack, parsed) : [] });
  });
}

function listenToEvents(app: App, slack: SlackContext, { handle }: Deeds): void {
  function on(type: string, what: string, work: (payload: unknown) => Promise<void>): void {
    app.event(type, ({ body, payload }) => handle(what, { team: teamOf(body) }, () => work(payload)));
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
      const id = `slack:${parsed.team}/command/${parsed.triggerId}`;
      await deeds.handleOnce(
        'a command',
        { ...parsed, id },
        ack,
        () => receiveCommand(slack, id, command, parsed),
        (text) => ack({ response_type: 'ephemeral', ...markdownContent(text) } as { text: string }),
      );
    });
  }
}

function listenToButtons(app: App, slack: SlackContext, deeds: Deeds): void {
  for (const action of [...BUTTON_KINDS, FEEDBACK_ACTION]) {
    app.action(action, async ({ ack, body }) => {
      const press = pressBody.parse(body);
      const { button } = press;
      if (button === null) return ack();
      const id = pressId(slack, button.kind, press);
      await deeds.handleOnce('a button', { ...press, id }, ack, () => receivePress(slack, id, button, press));
    });
  }
  app.action(CHOOSE_MODEL, async ({ ack, body }) => {
    await ack();
    const press = interaction.parse(body);
    const command = slack.commands.find(({ name }) => name === 'model');
    if (command === undefined) return;
    await deeds.handle('a button', press, async () => {
      const channel = await slack.workspace.directChannel(press.user, slack.signal);
      const from = { channel, threadTs: null, responseUrl: '', triggerId: press.trigger_id };
      await openForm(slack, command, from, { preset: { scope: 'guild' } });
    });
  });
}

function listenToShortcuts(app: App, slack: SlackContext, deeds: Deeds): void {
  const what = 'a shortcut';

  function on(name: string, work: (id: string, body: ShortcutBody) => Promise<void>): void {
    app.shortcut(name, async ({ ack, body }) => {
      const parsed = shortcutBody.parse(body);
      const id = `slack:${slack.workspace.team}/${name}/${parsed.triggerId}`;
      await deeds.handleOnce(what, { ...parsed, id }, ack, () => work(id, parsed));
    });
  }

  app.shortcut(ASK_ABOUT, async ({ ack, body }) => {
    await ack();
    const parsed = shortcutBody.parse(body);
    await deeds.handle(what, parsed, () => receiveShortcut(slack, parsed));
  });
  for (const command of slack.commands) {
    if (command.menu === undefined) continue;
    on(menuOf(command), (id, body) => runOnThread(slack, id, command, body));
  }
  on(DELETE_ANSWER, (id, body) => receiveDeletion(slack, id, body));
}

function listenToForms(app: App, slack: SlackContext, deeds: Deeds): void {
  app.view(FORM_CALLBACK, async ({ ack, body }) => {
    const { team, user, view } = viewBody.parse(body);
    const id = `slack:${slack.workspace.team}/form/${view.id}`;
    const context = readContext(view.private_metadata);
    const { values } = view.state;
    await deeds.handleOnce(
      'a form',
      { ...context, team, user, id },
      ack,
      () =>
        'button' in context
          ? receivePressForm(slack, { id, user, context, values })
          : receiveCommandForm(slack, { id, user, context, values }),
      // The form stays open, so that nothing typed is lost.
      (text) => ack({ response_action: 'errors', errors: { [Object.keys(values)[0] ?? '']: text } }),
    );
  });
}

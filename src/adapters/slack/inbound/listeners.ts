import type { App } from '@slack/bolt';
import type { z } from 'zod';
import { explain, inOneLine } from '../../../core/chat/explain.ts';
import { BUTTON_KINDS } from '../../../core/ports/buttons.ts';
import { placeUnder } from '../answers/answer-place.ts';
import { createSurfaceFor } from '../answers/surfaces.ts';
import { placeAt } from '../api/places.ts';
import { FORM_CALLBACK, PRESS_CALLBACK, readPressContext, readPressForm } from '../commands/form.ts';
import {
  ASK_ABOUT,
  DELETE_ANSWER,
  menuOf,
  receiveDeletion,
  receiveMenu,
  receiveShortcut,
} from '../commands/shortcuts.ts';
import { commandId, openForm, readContext, receiveCommand, receiveForm } from '../commands/slash-commands.ts';
import { suggestOptions } from '../commands/suggestions.ts';
import type { SlackContext } from '../payloads/context.ts';
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
import { CHOOSE_MODEL, publishHome } from './home.ts';
import { receiveJoin } from './joins.ts';
import { receiveMessage } from './messages.ts';
import { buttonOf, pressId, receivePress, receivePressForm, threadOf } from './presses.ts';
import { receiveStop } from './sessions.ts';

/**
 * Listens with Bolt. What asks for an answer is claimed in the store before it is acknowledged (messages by `claimsFirst`), and
 * everything is acknowledged before anything is looked up: Slack waits three seconds.
 */
export function listen(app: App, slack: SlackContext): void {
  const { workspace, dispatch, log, commands, signal } = slack;

  /** Deals with something of this workspace; a fault is told to the person where there is a way. */
  async function attend(what: string, responseUrl: string | null, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      log.error({ err: error }, `${what} could not be dealt with`);
      if (responseUrl !== null) await tell(responseUrl, dispatch.nameOperator(inOneLine(explain(error))));
    }
  }

  /** Says something to the person behind a deed, as far as Slack lets it. */
  async function tell(responseUrl: string, text: string): Promise<void> {
    const said = slack.responseUrl(responseUrl)?.tellPrivately(text, null, signal);
    await said?.catch(() => false);
  }

  /**
   * Claims a person's deed, acknowledges it, and deals with it. Slack does not send deeds again: if the store does not take it, the
   * person is told by `refuse`, which acknowledges it too.
   */
  async function claimed(
    deed: { readonly what: string; readonly id: string; readonly responseUrl: string } & AskedAt,
    ack: () => Promise<void>,
    refuse: (text: string) => Promise<void>,
    work: () => Promise<void>,
  ): Promise<void> {
    const { id, channel, user, threadTs } = deed;
    const isDirect = channel.startsWith('D');
    const arrival = {
      id,
      place: placeAt(workspace.team, channel, null),
      surface: createSurfaceFor(slack, placeUnder({ channel, user, isDirect }, null, threadTs)),
      addressed: true,
    };
    try {
      const isNew = await dispatch.claim(arrival);
      if (!isNew) return await ack();
    } catch (error) {
      log.error({ err: error }, `${deed.what} could not be stored`);
      return await refuse(dispatch.nameOperator(inOneLine(explain(error))));
    }
    try {
      await ack();
      await attend(deed.what, deed.responseUrl, work);
    } finally {
      await dispatch.dropClaim(id);
    }
  }

  /** Claims a shortcut of a message's menu, and deals with it. */
  function onShortcut(
    name: string,
    work: (id: string, body: z.infer<typeof shortcutBody>) => Promise<void>,
  ): void {
    app.shortcut(name, async ({ ack, body }) => {
      const parsed = shortcutBody.parse(body);
      const { team, channel, user, message, trigger_id, response_url: responseUrl } = parsed;
      if (team?.id !== workspace.team) {
        await ack();
        return void (await isOurs('a shortcut', team?.id ?? null, responseUrl));
      }
      const id = `slack:${workspace.team}/${name}/${trigger_id}`;
      const at = { channel: channel.id, user: user.id, threadTs: message.thread_ts ?? null };
      await claimed(
        { what: 'a shortcut', id, ...at, responseUrl },
        ack,
        async (text) => {
          await ack();
          await tell(responseUrl, text);
        },
        () => work(id, parsed),
      );
    });
  }

  /** Whether something was sent for this workspace. If Slack names none, it is left out, and the person is told. */
  async function isOurs(what: string, team: string | null, responseUrl: string | null): Promise<boolean> {
    if (team === workspace.team) return true;
    log.warn(
      { team },
      `${what} was sent for ${team === null ? 'no workspace' : 'another workspace'}; it is left out`,
    );
    if (team === null && responseUrl !== null) await tell(responseUrl, NO_TEAM);
    return false;
  }

  for (const type of ['message', 'app_mention'] as const) {
    app.event(type, async ({ body, payload }) => {
      if (!(await isOurs('a message', teamOf(body), null))) return;
      await attend('a message', null, () => receiveMessage(slack, messageEvent.parse(payload)));
    });
  }
  app.event('app_home_opened', async ({ body, payload }) => {
    if (!(await isOurs('a home tab', teamOf(body), null))) return;
    await attend('a home tab', null, async () => {
      const { user, tab } = homeOpenedEvent.parse(payload);
      if (tab === 'home') await publishHome(slack, user);
    });
  });
  app.event('member_joined_channel', async ({ body, payload }) => {
    if (!(await isOurs('a new member', teamOf(body), null))) return;
    await attend('a new member', null, () => receiveJoin(slack, memberJoinedEvent.parse(payload)));
  });
  app.event('agent_session_stopped', async ({ body, payload }) => {
    if (!(await isOurs('a stop', teamOf(body), null))) return;
    await attend('a stop', null, () => receiveStop(slack, sessionStoppedEvent.parse(payload)));
  });

  for (const command of commands) {
    app.command(`/${command.name}`, async ({ ack, body }) => {
      const parsed = commandBody.parse(body);
      const { channel_id: channel, user_id: user, response_url: responseUrl } = parsed;
      if (parsed.team_id !== workspace.team) {
        await ack();
        return void (await isOurs('a command', parsed.team_id, responseUrl));
      }
      await claimed(
        { what: 'a command', id: commandId(parsed), channel, user, threadTs: null, responseUrl },
        ack,
        (text) => ack({ response_type: 'ephemeral', ...markdownContent(text) } as { text: string }),
        () => receiveCommand(slack, command, parsed),
      );
    });
  }

  for (const action of [...BUTTON_KINDS, FEEDBACK_ACTION]) {
    app.action(action, async ({ ack, body }) => {
      const press = pressBody.parse(body);
      const pressed = buttonOf(press);
      if (pressed === null) return ack();
      const responseUrl = press.response_url;
      if (press.team?.id !== workspace.team) {
        await ack();
        return void (await isOurs('a button', press.team?.id ?? null, responseUrl));
      }
      const [channel, user] = [press.channel.id, press.user.id];
      await claimed(
        {
          what: 'a button',
          id: pressId(slack, pressed.kind, press),
          channel,
          user,
          threadTs: threadOf(press),
          responseUrl,
        },
        ack,
        async (text) => {
          await ack();
          await tell(responseUrl, text);
        },
        () => receivePress(slack, pressed, press),
      );
    });
  }
  app.action(CHOOSE_MODEL, async ({ ack, body }) => {
    await ack();
    const { team, user, trigger_id } = viewActionBody.parse(body);
    const command = commands.find(({ name }) => name === 'model');
    if (command === undefined || !(await isOurs('a button', team?.id ?? null, null))) return;
    await attend('a button', null, async () => {
      const channel = await workspace.directChannel(user.id, signal);
      const context = { channel, responseUrl: '', threadTs: null, about: null };
      await openForm(slack, command, trigger_id, context, { intro: null, preset: { scope: 'guild' } });
    });
  });

  app.shortcut(ASK_ABOUT, async ({ ack, body }) => {
    await ack();
    const parsed = shortcutBody.parse(body);
    if (!(await isOurs('a shortcut', parsed.team?.id ?? null, parsed.response_url))) return;
    await attend('a shortcut', parsed.response_url, () => receiveShortcut(slack, parsed));
  });
  for (const command of commands) {
    if (command.menu === undefined) continue;
    onShortcut(menuOf(command), (id, body) => receiveMenu(slack, id, command, body));
  }
  onShortcut(DELETE_ANSWER, (id, body) => receiveDeletion(slack, id, body));
  app.view(FORM_CALLBACK, async ({ ack, body }) => {
    const { team, user, view } = viewBody.parse(body);
    const context = readContext(view.private_metadata);
    if (team?.id !== workspace.team) {
      await ack();
      return void (await isOurs('a form', team?.id ?? null, context.responseUrl));
    }
    const id = `slack:${team.id}/form/${view.id}`;
    const { channel, threadTs, responseUrl } = context;
    await claimed(
      { what: 'a form', id, channel, user: user.id, threadTs, responseUrl },
      ack,
      // The form stays open, so that nothing that was typed is lost.
      (text) =>
        ack({ response_action: 'errors', errors: { [Object.keys(view.state.values)[0] ?? '']: text } }),
      () => receiveForm(slack, { id, user: user.id, context, values: view.state.values }),
    );
  });
  app.view(PRESS_CALLBACK, async ({ ack, body }) => {
    const { team, user, view } = viewBody.parse(body);
    const context = readPressContext(view.private_metadata);
    if (context === null || team?.id !== workspace.team) {
      await ack();
      return void (await isOurs('a form', team?.id ?? null, context?.responseUrl ?? null));
    }
    const id = `slack:${team.id}/form/${view.id}`;
    const { channel, threadTs, responseUrl } = context;
    await claimed(
      { what: 'a form', id, channel, user: user.id, threadTs, responseUrl },
      ack,
      (text) =>
        ack({ response_action: 'errors', errors: { [Object.keys(view.state.values)[0] ?? '']: text } }),
      () =>
        receivePressForm(slack, {
          id,
          user: user.id,
          context,
          given: readPressForm(context, view.state.values),
        }),
    );
  });
  app.options<'block_suggestion'>({ type: 'block_suggestion' }, async ({ ack, body }) => {
    const parsed = suggestionBody.parse(body);
    const isOurTeam = await isOurs('a list', parsed.team?.id ?? null, null);
    await ack({ options: isOurTeam ? await suggestOptions(slack, parsed) : [] });
  });
}

interface AskedAt {
  readonly channel: string;
  readonly user: string;
  readonly threadTs: string | null;
}

const NO_TEAM =
  'Slack does not say which workspace this belongs to, so I did nothing. That happens if the app is installed for a whole organisation. Please ask me in a channel or in a direct message.';

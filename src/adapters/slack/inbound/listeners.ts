import type { App } from '@slack/bolt';
import { explain, inOneLine } from '../../../core/chat/explain.ts';
import type { ButtonKind } from '../../../core/ports/surface.ts';
import { BUTTON_LABELS, markdownContent } from '../text/message-content.ts';
import type { Inbox } from './context.ts';
import { FORM_CALLBACK } from './form.ts';
import { CHOOSE_MODEL, publishHome } from './home.ts';
import { receiveMessage } from './messages.ts';
import {
  commandBody,
  homeOpenedEvent,
  messageEvent,
  pressBody,
  sessionStoppedEvent,
  shortcutBody,
  suggestionBody,
  teamOf,
  viewActionBody,
  viewBody,
} from './payloads.ts';
import { receivePress } from './presses.ts';
import { receiveStop } from './sessions.ts';
import { ASK_ABOUT, receiveShortcut } from './shortcuts.ts';
import { openForm, readContext, receiveCommand, receiveForm } from './slash-commands.ts';
import { suggestOptions } from './suggestions.ts';

/** Listens with Bolt. Everything is acknowledged before it is dealt with: Slack waits three seconds. */
export function listen(app: App, inbox: Inbox): void {
  const { workspace, log, commands, signal } = inbox;

  /** Deals with something of this workspace; a fault is told to the person where there is a way. */
  async function attend(what: string, responseUrl: string | null, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      log.error({ err: error }, `${what} could not be dealt with`);
      const channel = responseUrl === null ? null : inbox.responseUrl(responseUrl);
      await channel
        ?.tellPrivately(markdownContent(inOneLine(explain(error))), null, signal)
        .catch(() => false);
    }
  }

  const isOurTeam = (team: string | null) => team === workspace.team;

  for (const type of ['message', 'app_mention'] as const) {
    app.event(type, async ({ body, payload }) => {
      if (!isOurTeam(teamOf(body))) return;
      await attend('a message', null, () => receiveMessage(inbox, messageEvent.parse(payload)));
    });
  }
  app.event('app_home_opened', async ({ body, payload }) => {
    if (!isOurTeam(teamOf(body))) return;
    await attend('a home tab', null, async () => {
      const { user, tab } = homeOpenedEvent.parse(payload);
      if (tab === 'home') await publishHome(inbox, user);
    });
  });
  app.event('agent_session_stopped', async ({ body, payload }) => {
    if (!isOurTeam(teamOf(body))) return;
    await attend('a stop', null, () => receiveStop(inbox, sessionStoppedEvent.parse(payload)));
  });

  for (const command of commands) {
    app.command(`/${command.name}`, async ({ ack, body }) => {
      await ack();
      const parsed = commandBody.parse(body);
      if (!isOurTeam(parsed.team_id)) return;
      await attend('a command', parsed.response_url, () => receiveCommand(inbox, command, parsed));
    });
  }

  for (const kind of Object.keys(BUTTON_LABELS) as ButtonKind[]) {
    app.action(kind, async ({ ack, body }) => {
      await ack();
      const parsed = pressBody.parse(body);
      if (!isOurTeam(parsed.team.id)) return;
      await attend('a button', parsed.response_url, () => receivePress(inbox, kind, parsed));
    });
  }
  app.action(CHOOSE_MODEL, async ({ ack, body }) => {
    await ack();
    const { team, user, trigger_id } = viewActionBody.parse(body);
    const command = commands.find(({ name }) => name === 'model');
    if (!isOurTeam(team.id) || command === undefined) return;
    await attend('a button', null, async () => {
      const channel = await workspace.directChannel(user.id, signal);
      const context = { channel, responseUrl: '', threadTs: null, about: null };
      await openForm(inbox, command, trigger_id, context, { intro: null, preset: { scope: 'guild' } });
    });
  });

  app.shortcut(ASK_ABOUT, async ({ ack, body }) => {
    await ack();
    const parsed = shortcutBody.parse(body);
    if (!isOurTeam(parsed.team.id)) return;
    await attend('a shortcut', parsed.response_url, () => receiveShortcut(inbox, parsed));
  });
  app.view(FORM_CALLBACK, async ({ ack, body }) => {
    await ack();
    const { team, user, view } = viewBody.parse(body);
    if (!isOurTeam(team.id)) return;
    const context = readContext(view.private_metadata);
    const form = {
      id: `slack:${team.id}/form/${view.id}`,
      user: user.id,
      context,
      values: view.state.values,
    };
    await attend('a form', context.responseUrl, () => receiveForm(inbox, form));
  });
  app.options<'block_suggestion'>({ type: 'block_suggestion' }, async ({ ack, body }) => {
    const parsed = suggestionBody.parse(body);
    await ack({ options: isOurTeam(parsed.team.id) ? await suggestOptions(inbox, parsed) : [] });
  });
}

import { channelKey, placeAt } from '../api/places.ts';
import { SIZES } from '../api/sizes.ts';
import type { Json } from '../api/web-api.ts';
import type { SlackContext } from '../context.ts';
import { cutToSize } from '../text/message-content.ts';
import { toMrkdwn } from '../text/mrkdwn.ts';

/** Commands whose output makes up the home tab, in this order, if they exist. */
const SECTIONS = [
  { command: 'model', title: 'Answering now' },
  { command: 'models', title: 'Models' },
  { command: 'usage', title: 'Usage' },
] as const;

export const CHOOSE_MODEL = 'home-choose-model';
const MAX_BLOCKS = 90;

/** Publishes one person's home tab: the model that answers, the list of models, usage, and settings for admins. */
export async function publishHome(slack: SlackContext, user: string): Promise<void> {
  const { workspace, directory, dispatch, signal } = slack;
  const actor = await directory.actor(user);
  const place = placeAt(workspace.team, user, channelKey(workspace.team, user));
  const blocks: Json[] = [
    header('Ask me anything'),
    section(
      `Type \`/ask\`, mention <@${workspace.botUser}> in a channel, or write to me in *Messages*. I answer in a thread, where you need no command.`,
    ),
  ];
  for (const { command, title } of SECTIONS) {
    const said = await dispatch.view({ command, actor, place });
    if (said === null) continue;
    blocks.push({ type: 'divider' }, header(title), ...sectionsOf(said));
    if (command === 'model' && (await actor.managesGuild())) {
      blocks.push({
        type: 'actions',
        elements: [
          {
            type: 'button',
            action_id: CHOOSE_MODEL,
            text: { type: 'plain_text', text: 'Choose a model for everybody' },
          },
        ],
      });
    }
  }
  const view = { type: 'home', blocks: blocks.slice(0, MAX_BLOCKS) };
  await workspace.call('views.publish', { user_id: user, view }, signal);
}

function header(text: string): Json {
  return { type: 'header', text: { type: 'plain_text', text } };
}

function section(text: string): Json {
  return { type: 'section', text: { type: 'mrkdwn', text } };
}

function sectionsOf(markdown: string): Json[] {
  return cutToSize(toMrkdwn(markdown), SIZES.section).map(section);
}

import { randomUUID } from 'node:crypto';
import { clip } from '../../../core/kit/text/text-size.ts';
import type { CommandDeclaration } from '../../../core/ports/command.ts';
import { type Invocation, NO_RULES, type Place } from '../../../core/ports/events.ts';
import type { Surface } from '../../../core/ports/surface.ts';
import { type AnswerPlace, placeUnder, type RootPlace } from '../answers/answer-place.ts';
import { SlackSurface } from '../answers/slack-surface.ts';
import { channelKey, messageKey, placeAt } from '../api/places.ts';
import { textOf } from '../api/workspace.ts';
import type { SlackContext } from '../context.ts';
import type { Deed } from '../payloads/payloads.ts';
import { SHOWN } from '../text/questions.ts';

/** The person who gave a command, and the place. */
export interface Asker extends Pick<Deed, 'user' | 'channel' | 'threadTs'> {
  /** Null for commands in messages. */
  readonly responseUrl: string | null;
}

/** The surface for what the bot says to somebody where they did something. */
export function surfaceFor(
  slack: SlackContext,
  { user, channel, threadTs, responseUrl }: Asker,
  isDirect = channel.startsWith('D'),
): Surface {
  const place = placeUnder({ channel, user, isDirect }, null, threadTs);
  return new SlackSurface(slack, place, { responseUrl: slack.responseUrl(responseUrl) });
}

/** A command with its options, typed or from a form. */
export interface Request extends Omit<Invocation, 'command' | 'actor' | 'place' | 'surface'> {
  readonly command: CommandDeclaration;
  readonly from: Asker;
}

/** Passes a command to core, with the fitting place and surface. */
export async function runRequest(slack: SlackContext, request: Request): Promise<void> {
  const { command, options } = request;
  if (command.reply === 'private') return tellOnly(slack, request);
  if (options['private'] === true) return answerInDirectMessage(slack, request);
  return answerInChannel(slack, request);
}

async function tellOnly(slack: SlackContext, request: Request): Promise<void> {
  const { workspace, channels } = slack;
  const { team } = workspace;
  const { channel } = request.from;
  const isDirect = channel.startsWith('D') && (await channels.presenceIn(channel)) === 'direct';
  const surface = surfaceFor(slack, { ...request.from, threadTs: null }, isDirect);
  await bring(slack, request, placeAt(team, channel, isDirect ? channelKey(team, channel) : null), surface);
}

async function answerInChannel(slack: SlackContext, request: Request): Promise<void> {
  const { workspace, channels } = slack;
  const { team } = workspace;
  const { channel, user, responseUrl, threadTs } = request.from;
  const presence = await channels.presenceIn(channel);
  if (presence === 'absent') return sayHowToInvite(slack, request);
  const isDirect = presence === 'direct';
  const { inThread } = isDirect ? NO_RULES : await slack.dispatch.channelRules(placeAt(team, channel, null));
  const isFlat = isDirect ? !slack.agentView.isOn : inThread === false;
  const thread = threadTs !== null ? { ts: threadTs } : isFlat ? 'none' : 'new';
  const key = threadTs !== null || (isFlat && isDirect) ? messageKey(team, channel, threadTs) : null;
  const place: AnswerPlace = {
    ...placeUnder({ channel, user, isDirect }, null, null),
    root: await questionAt(slack, request, thread),
    ties: thread === 'new' ? 'thread' : null,
  };
  const surface = new SlackSurface(slack, place, { responseUrl: slack.responseUrl(responseUrl) });
  await bring(slack, request, placeAt(team, channel, key), surface);
}

/** Private answers stream in the asker's DM, because ephemeral messages cannot be updated. */
async function answerInDirectMessage(slack: SlackContext, request: Request): Promise<void> {
  const { workspace, signal } = slack;
  const { channel, user, responseUrl } = request.from;
  const direct = await workspace.directChannel(user, signal);
  const place: AnswerPlace = {
    ...placeUnder({ channel: direct, user, isDirect: true }, null, null),
    isPrivate: true,
    askedIn: channel,
    root: await questionAt(slack, request, 'new'),
    ties: 'thread',
  };
  const surface = new SlackSurface(slack, place, {
    responseUrl: slack.responseUrl(responseUrl),
    onPosted: point,
  });
  await bring(slack, request, placeAt(workspace.team, channel, null), surface);

  function point(ts: string): void {
    if (channel === direct) return;
    slack.tasks.run('point to a private answer', async () => {
      const data = await workspace.call('chat.getPermalink', { channel: direct, message_ts: ts }, signal);
      const link = `[our direct messages](${textOf(data['permalink'])})`;
      await surface.tellPrivately({ text: `I am answering you in ${link}.` }, signal);
    });
  }
}

/** The message that shows the question: who asked, and what. */
async function questionAt(
  slack: SlackContext,
  { command, options, from }: Request,
  thread: 'new' | 'none' | { readonly ts: string },
): Promise<RootPlace> {
  const { name } = await slack.directory.actor(from.user);
  const prompt = Object.entries(command.options).find(([, option]) => option.type === 'text')?.[0];
  const text = options[prompt ?? ''];
  return {
    kind: 'posted',
    thread,
    post: { id: randomUUID(), sinceMs: slack.clock.now() },
    asker: name,
    question: clip(typeof text === 'string' ? text.trim() : (command.menu ?? `/${command.name}`), SHOWN),
  };
}

async function bring(slack: SlackContext, request: Request, at: Place, surface: Surface): Promise<void> {
  const { command, from, ...given } = request;
  const { directory } = slack;
  const [actor, place] = await Promise.all([directory.actor(from.user), directory.named(at, from.channel)]);
  await slack.dispatch.command({ ...given, command: command.name, actor, place, surface });
}

async function sayHowToInvite(slack: SlackContext, { command, from }: Request): Promise<void> {
  const { workspace, signal } = slack;
  const ask = `/${command.name}`;
  const text = from.channel.startsWith('D')
    ? `I am not part of this conversation, so I cannot answer in it. Use \`${ask} --private …\`, or write to me directly.`
    : `I am not in this channel. Invite me with \`/invite @${workspace.botName}\` and ask again, or use \`${ask} --private …\` for an answer that only you see.`;
  await surfaceFor(slack, { ...from, threadTs: null }, false).tellPrivately({ text }, signal);
}

import { type CommandContext, defineCommand } from '../core/command.ts';
import { counted } from '../core/kit/text/text.ts';
import { accountOf, mayActAs } from '../core/ports/actor.ts';
import { tooOften } from './export.ts';
import { choice } from './options/choice.ts';

export const forget = defineCommand({
  name: 'forget',
  description: 'Delete a conversation, your data, or all data of this {guild}',
  role: 'member',
  reply: 'private',
  isOpenToAll: true,
  options: {
    what: choice('What to delete (default: this conversation)', {
      conversation: 'This conversation',
      myself: 'My data here',
      guild: 'All data of this {guild} (admins)',
    }),
    sure: choice('Confirms deleting more than a conversation', { yes: 'Yes, delete it' }),
  },
  async run(context, { what = 'conversation', sure }) {
    const { actor, place, services } = context;
    const { privacy, roles } = services;
    if (what === 'guild' && !mayActAs(await roles(actor), 'admin')) {
      return 'Only an admin can delete all data here. `/forget what:myself` deletes yours.';
    }
    if (what !== 'conversation' && sure === undefined) return ASKED[what];
    const waitMs = privacy.countRequest(place.guild, actor.user);
    if (waitMs > 0) return tooOften(waitMs);
    switch (what) {
      case 'conversation':
        return forgetConversation(context);
      case 'myself': {
        const { remembered, requests, unsettled } = await privacy.forgetPerson(place.guild, actor.user);
        if (remembered + requests + unsettled === 0) {
          return `No questions of yours are stored here. ${MESSAGES_STAY}`;
        }
        const questions = counted(
          remembered,
          'question of yours with its answer',
          'questions of yours with their answers',
        );
        return `Deleted ${questions}, and the cost of ${counted(requests, 'request', 'requests')}. ${stillToCome(unsettled)}${MESSAGES_STAY}`;
      }
      case 'guild': {
        const by = accountOf(actor);
        const { remembered, requests, unsettled } = await privacy.forgetGuild(place.guild, by);
        return `Deleted ${counted(remembered, 'conversation', 'conversations')}, all model choices, instructions and personas, and the cost of ${counted(requests, 'request', 'requests')}. ${stillToCome(unsettled)}${MESSAGES_STAY}`;
      }
    }
  },
});

const ASKED = {
  myself:
    'This deletes all your questions here with their answers and costs, in every conversation. It cannot be undone. Use `/export` first if you want a copy. To delete it, use `/forget what:myself sure:yes`.',
  guild:
    'This deletes everyone’s conversations here, and all model choices, instructions, personas and costs. It cannot be undone. To delete it, use `/forget what:guild sure:yes`.',
} as const;

const MESSAGES_STAY = 'Messages already posted in the channel are not deleted.';

async function forgetConversation({ actor, place, services }: CommandContext): Promise<string> {
  const { chat, privacy, roles } = services;
  const conversation = await chat.conversationAt(place);
  if (conversation === null) {
    return 'There is no conversation to delete here. Use `/forget` in a thread or direct message.';
  }
  if (!mayActAs(await roles(actor), 'admin') && (await privacy.isShared(conversation, actor.user))) {
    return 'Other people took part in this conversation, so only an admin can delete it. `/forget what:myself` deletes your data.';
  }
  await privacy.forgetConversation(conversation.id);
  return `Deleted this conversation. ${MESSAGES_STAY}`;
}

function stillToCome(unsettled: number): string {
  if (unsettled === 0) return '';
  return `The cost of ${counted(unsettled, 'more request', 'more requests')} is not known yet and will still be recorded. Run this command again in a few minutes to delete it too. `;
}

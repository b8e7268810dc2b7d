import { type CommandContext, defineCommand } from '../core/command.ts';
import { mayActAs, platformOf } from '../core/ports/actor.ts';
import { tooOften } from './export.ts';

export const forget = defineCommand({
  name: 'forget',
  description: 'Make me forget this conversation, all that is yours, or all of this place (admins)',
  role: 'member',
  reply: 'private',
  options: {
    what: {
      type: 'choice',
      description: 'What to forget; this conversation if left out',
      choices: [
        { value: 'conversation', label: 'This conversation' },
        { value: 'myself', label: 'All that is mine here' },
        { value: 'guild', label: 'Everything of this place (admins)' },
      ],
    },
  },
  async run(context, { what = 'conversation' }) {
    const { actor, place, services, tell } = context;
    const { privacy, roles } = services;
    const waitMs = privacy.admit(place.guild, actor.user);
    if (waitMs > 0) return tell(tooOften(waitMs));
    switch (what) {
      case 'conversation':
        return tell(await forgetConversation(context));
      case 'myself': {
        const { remembered, requests, unsettled } = await privacy.forgetPerson(place.guild, actor.user);
        if (remembered + requests + unsettled === 0) {
          return tell(`Nothing that you asked is stored here any more. ${MESSAGES_STAY}`);
        }
        const questions = counted(
          remembered,
          'question of yours with its answer',
          'questions of yours with their answers',
        );
        return tell(
          `I have forgotten ${questions}, and what ${counted(requests, 'request')} cost. ${stillToCome(unsettled)}${MESSAGES_STAY}`,
        );
      }
      case 'guild': {
        if (!mayActAs(await roles(actor), 'admin')) {
          return tell(
            'Only an admin can make me forget everything here. `/forget what:myself` forgets what is yours.',
          );
        }
        const by = `${platformOf(actor.guild)}:${actor.user}`;
        const { remembered, requests, unsettled } = await privacy.forgetGuild(place.guild, by);
        return tell(
          `I have forgotten ${counted(remembered, 'conversation')}, all choices, instructions and personas, and what ${counted(requests, 'request')} cost. ${stillToCome(unsettled)}${MESSAGES_STAY}`,
        );
      }
    }
  },
});

const MESSAGES_STAY = 'The messages stay until somebody deletes them.';

async function forgetConversation({ actor, place, services }: CommandContext): Promise<string> {
  const { chat, privacy, roles } = services;
  const conversation = await chat.conversationAt(place);
  if (conversation === null) {
    return 'There is no conversation here to forget: use `/forget` inside a thread or direct message.';
  }
  if (!mayActAs(await roles(actor), 'admin') && (await privacy.isShared(conversation, actor.user))) {
    return 'Others have taken part in this conversation, so only an admin can make me forget it. `/forget what:myself` forgets what is yours.';
  }
  await privacy.forgetConversation(conversation.id);
  return `I have forgotten this conversation. ${MESSAGES_STAY}`;
}

function stillToCome(unsettled: number): string {
  if (unsettled === 0) return '';
  return `The cost of ${counted(unsettled, 'more request')} is not known yet and will be on record: use this command again in some minutes to have it forgotten too. `;
}

function counted(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`;
}

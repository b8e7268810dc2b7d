import { mayActAs } from '../core/actor.ts';
import { defineCommand } from '../core/command.ts';

export const forget = defineCommand({
  name: 'forget',
  description: 'Make the bot forget this conversation, or all of them (admins)',
  role: 'member',
  reply: 'private',
  options: {
    what: {
      type: 'choice',
      description: 'What to forget; this conversation if left out',
      choices: [
        { value: 'conversation', label: 'This conversation' },
        { value: 'everything', label: 'All conversations here (admins)' },
      ],
    },
  },
  async run({ actor, place, services, tell }, { what = 'conversation' }) {
    const { chat, roles } = services;
    const isAdmin = mayActAs(await roles(actor), 'admin');
    if (what === 'everything') {
      if (!isAdmin) return tell('Only an admin can make me forget everything.');
      const forgotten = await chat.forgetGuild(place.guild);
      return tell(
        forgotten === 1
          ? 'I have forgotten one conversation.'
          : `I have forgotten ${forgotten} conversations.`,
      );
    }
    const conversation = await chat.conversationAt(place);
    if (conversation === null) {
      return tell(
        'There is no conversation here to forget: use `/forget` inside a thread or direct message.',
      );
    }
    const others = conversation.turns.some(({ user }) => user !== actor.user);
    if (others && !isAdmin)
      return tell('Others have taken part in this conversation, so only an admin can make me forget it.');
    await chat.forget(conversation.id);
    await tell('I have forgotten this conversation. The messages stay until somebody deletes them.');
  },
});

import { defineCommand } from '../core/command.ts';
import { ownedTarget } from './options/setting-scope.ts';

export const newConversation = defineCommand({
  name: 'new',
  description: 'Start a new conversation here: my next answer ignores what was said before',
  role: 'member',
  reply: 'private',
  options: {},
  async run(context) {
    const { place, services } = context;
    if (place.key === null) {
      return 'Each question in a channel starts its own conversation, so there is nothing to start anew. Use `/new` inside a thread or direct message.';
    }
    const target = await ownedTarget(context, 'conversation', 'what I know');
    if (typeof target === 'string')
      return 'Only the person who began this conversation or an admin can start it anew.';
    if (target.conversation !== null) await services.chat.startOver(target.conversation);
    return 'The next question starts a new conversation. Earlier messages are not deleted (use `/forget` for that), and the model, the persona and the instructions stay.';
  },
});

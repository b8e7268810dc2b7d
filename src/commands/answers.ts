import { defineCommand } from '../core/command.ts';
import { choice } from './options/choice.ts';

export const answers = defineCommand({
  name: 'answers',
  description: 'Choose whether answers to you grow or appear complete, which suits screen readers',
  role: 'member',
  reply: 'private',
  options: {
    show: choice('How answers to you are shown (default: tell how they are)', {
      whole: 'Whole, once they have ended',
      growing: 'Growing while the model writes',
      default: 'As it is set for the channel',
    }),
  },
  async run({ actor, place, services }, { show }) {
    const { settings } = services;
    if (show !== undefined) {
      const whole = show === 'default' ? undefined : show === 'whole';
      await settings.changePerson(place.guild, actor.user, { whole });
    }
    const here = await settings.at({ place, user: actor.user, conversation: null });
    return here.whole
      ? 'Answers to you appear complete, once they have ended. `/answers show:growing` changes that.'
      : 'Answers to you grow while the model writes. `/answers show:whole` shows them once they have ended.';
  },
});

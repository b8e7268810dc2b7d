import { defineCommand } from '../core/command.ts';
import { choice } from './options/choice.ts';

export const listen = defineCommand({
  name: 'listen',
  description: 'Choose whether I answer in this thread without a mention',
  role: 'member',
  reply: 'private',
  options: {
    state: choice('On or off (default: show the setting)', {
      on: 'On: I answer every message in this thread',
      off: 'Off: I answer only if I am mentioned',
    }),
  },
  async run({ place, surface, services }, { state }) {
    const { chat } = services;
    if (place.key === null || surface.isOverheard !== true) {
      return (
        surface.caveat ??
        '`/listen` works in threads only. In direct messages I answer every message, and elsewhere every message that mentions me.'
      );
    }
    if (state !== undefined) await chat.setListening(place, state);
    const hears = state === undefined ? await chat.hears(place) : state === 'on';
    return hears
      ? 'I read and answer every message in this thread, without a mention. `/listen state:off` ends that.'
      : 'In this thread I read and answer only messages that mention me. `/listen state:on` changes that.';
  },
});

import { defineCommand } from '../core/command.ts';

export const listen = defineCommand({
  name: 'listen',
  description: 'Let me answer in this thread without a mention, or with one alone',
  role: 'member',
  reply: 'private',
  options: {
    state: {
      type: 'choice',
      description: 'On or off; shows it if left out',
      choices: [
        { value: 'on', label: 'On: I answer all that is written in this thread' },
        { value: 'off', label: 'Off: I answer here if I am mentioned' },
      ],
    },
  },
  async run({ place, surface, services, tell }, { state }) {
    const { chat } = services;
    if (place.key === null || surface.isOverheard !== true) {
      return tell(
        surface.caveat ??
          'There is nothing to switch here: `/listen` is for threads with several people. In direct messages I answer everything, and elsewhere what mentions me.',
      );
    }
    if (state !== undefined) await chat.setListening(place, state);
    const hears = state === undefined ? await chat.hears(place) : state === 'on';
    await tell(
      hears
        ? 'I read all that is written in this thread and answer it, without a mention. `/listen state:off` ends that.'
        : 'In this thread I read and answer only what mentions me. `/listen state:on` changes that.',
    );
  },
});

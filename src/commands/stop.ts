import { defineCommand } from '../core/command.ts';

export const stop = defineCommand({
  name: 'stop',
  description: 'Stop the answers that are being written here: your own, or everybody’s if you are an admin',
  role: 'member',
  reply: 'private',
  options: {},
  async run({ actor, place, services, tell }) {
    const stopped = await services.chat.stopAt(place, actor);
    if (stopped === 0) await tell('Nothing of yours is being written here.');
    else await tell(stopped === 1 ? 'Stopped.' : `Stopped ${stopped} answers.`);
  },
});

import { defineCommand } from '../core/command.ts';
import type { StopsSent } from '../core/coordination/stops.ts';

export const stop = defineCommand({
  name: 'stop',
  description: 'Stop the answers that are being written here: your own, or everybody’s if you are an admin',
  role: 'member',
  reply: 'private',
  options: {},
  async run({ actor, place, services, tell }) {
    await tell(inWords(await services.chat.stopAt(place, actor)));
  },
});

function inWords({ stopped, elsewhere }: StopsSent): string {
  if (stopped === 0) {
    return elsewhere
      ? 'If anything of yours is being written here, it stops in a moment.'
      : 'Nothing of yours is being written here.';
  }
  const done = stopped === 1 ? 'Stopped.' : `Stopped ${stopped} answers.`;
  return elsewhere ? `${done} If more of yours is being written here, it stops in a moment.` : done;
}

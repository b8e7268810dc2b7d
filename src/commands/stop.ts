import { defineCommand } from '../core/command.ts';
import type { StopsSent } from '../core/coordination/stops.ts';

export const stop = defineCommand({
  name: 'stop',
  description: 'Stop your answers in progress here (admins: all answers)',
  role: 'member',
  reply: 'private',
  options: {},
  async run({ actor, place, services }) {
    return inWords(await services.chat.stopAt(place, actor));
  },
});

function inWords({ stopped, elsewhere }: StopsSent): string {
  if (stopped === 0) {
    return elsewhere
      ? 'If you have an answer in progress here, it will stop in a moment.'
      : 'You have no answer in progress here.';
  }
  const done = stopped === 1 ? 'Stopped.' : `Stopped ${stopped} answers.`;
  return elsewhere ? `${done} Any others in progress will stop in a moment.` : done;
}

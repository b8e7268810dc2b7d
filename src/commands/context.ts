import { defineCommand } from '../core/command.ts';
import { mayActAs } from '../core/ports/actor.ts';

export const context = defineCommand({
  name: 'context',
  description: 'Show or choose whether questions in a thread bring what was said in it before',
  role: 'member',
  reply: 'private',
  options: {
    threads: {
      type: 'choice',
      description: 'For admins: whether threads are read; shows it if left out',
      choices: [
        { value: 'on', label: 'Read threads' },
        { value: 'off', label: 'Do not read threads' },
        { value: 'default', label: 'As everywhere here, or the default' },
      ],
    },
    scope: {
      type: 'choice',
      description: 'Where it counts; this channel if left out',
      choices: [
        { value: 'channel', label: 'This channel' },
        { value: 'guild', label: 'All channels' },
      ],
    },
  },
  async run({ actor, place, services, tell }, { threads, scope = 'channel' }) {
    const { roles, settings } = services;
    if (threads !== undefined) {
      if (!mayActAs(await roles(actor), 'admin'))
        return tell('Only an admin can choose whether threads are read.');
      const context = threads === 'default' ? undefined : threads === 'on';
      await settings.change(scope, { place, conversation: null }, { context });
    }
    const { readsContext } = await settings.at({ place, conversation: null });
    await tell(
      readsContext
        ? 'If you mention me in a thread, I read what was said in it before. The message that you reply to, forwards and files always come with your question.'
        : 'If you mention me in a thread, I do not read what was said in it before. The message that you reply to, forwards and files still come with your question.',
    );
  },
});

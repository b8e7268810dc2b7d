import { defineCommand } from '../core/command.ts';
import { mayActAs } from '../core/ports/actor.ts';

export const context = defineCommand({
  name: 'context',
  description: 'Choose whether the model sees the earlier messages of a thread',
  role: 'member',
  reply: 'private',
  options: {
    threads: {
      type: 'choice',
      description: 'Read threads or not (admins; default: show the setting)',
      choices: [
        { value: 'on', label: 'Read threads' },
        { value: 'off', label: 'Do not read threads' },
        { value: 'default', label: 'Same as the server, or the default' },
      ],
    },
    scope: {
      type: 'choice',
      description: 'Where it applies (default: this channel)',
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
        ? 'If you mention me in a thread, I read its earlier messages. I always read the message you reply to, forwarded messages and files.'
        : 'If you mention me in a thread, I do not read its earlier messages. I still read the message you reply to, forwarded messages and files.',
    );
  },
});

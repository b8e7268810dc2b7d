import { defineCommand } from '../core/command.ts';
import { NEVER } from '../core/kit/time/over.ts';

/** Asked on behalf of the asker. */
const QUESTION =
  'Summarise this thread in its own language: what it is about, what was said and decided, by whom, and what is still open. Be brief.';

export const summarise = defineCommand({
  name: 'summarise',
  description: 'Summarise this thread',
  menu: 'Summarise this thread',
  role: 'member',
  reply: 'answer',
  options: {
    private: { type: 'flag', description: 'Show the summary only to you' },
  },
  async run({ place, readThread, services, ask }) {
    if (readThread === undefined) {
      return 'There is no thread here to summarise. Use this in a thread, or in the menu of a message in one.';
    }
    const { readsContext } = await services.settings.at({ place, conversation: null });
    if (!readsContext) return 'I do not read threads here, because an admin switched it off with `/context`.';
    const read = await readThread(null, NEVER);
    if (read.messages.length === 0) return read.problem ?? 'There is nothing in this thread to summarise.';
    await ask({
      parts: [{ type: 'text', text: QUESTION }],
      readThread: async () => read,
      isAboutThread: true,
    });
    return undefined;
  },
});

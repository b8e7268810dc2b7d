import { defineCommand } from '../core/command.ts';

export const ask = defineCommand({
  name: 'ask',
  description: 'Ask a language model',
  role: 'member',
  reply: 'answer',
  options: {
    prompt: { type: 'text', description: 'What you want to know', required: true, maxChars: 6_000 },
    model: { type: 'model', description: 'Which model answers; the current default if left out' },
    web: { type: 'flag', description: 'Let the model search the web (costs extra)' },
    private: { type: 'flag', description: 'Show the answer to you alone' },
  },
  async run({ eventId, actor, place, surface, brought, services }, { prompt, model, web }) {
    await services.chat.ask({
      eventId,
      actor,
      place,
      surface,
      parts: [{ type: 'text', text: prompt }, ...brought],
      webSearch: web,
      ...(model === undefined ? {} : { model }),
    });
  },
});

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
    file: { type: 'file', description: 'A file or picture that the question is about' },
    file2: { type: 'file', description: 'Another one' },
    file3: { type: 'file', description: 'A third one; more come with a message that mentions me' },
    private: { type: 'flag', description: 'Show the answer to you alone' },
  },
  async run({ eventId, actor, place, surface, brought, services }, options) {
    const { prompt, model, web, file, file2, file3 } = options;
    const files = [file, file2, file3].filter((given) => given !== undefined);
    await services.chat.ask({
      eventId,
      actor,
      place,
      surface,
      parts: [{ type: 'text', text: prompt }, ...files, ...brought],
      webSearch: web,
      ...(model === undefined ? {} : { model }),
    });
  },
});

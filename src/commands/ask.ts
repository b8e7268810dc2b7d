import { defineCommand } from '../core/command.ts';
import { choice } from './options/choice.ts';
import { EFFORT_LABELS } from './options/models.ts';

export const ask = defineCommand({
  name: 'ask',
  description: 'Ask a language model',
  role: 'member',
  reply: 'answer',
  options: {
    prompt: { type: 'text', description: 'Your question', required: true, maxChars: 6_000 },
    model: { type: 'model', description: 'Model to use (default: the current one)' },
    effort: choice(
      'How much the model thinks first, if it can (more costs more; see /models)',
      EFFORT_LABELS,
    ),
    web: { type: 'flag', description: 'Let the model search the web (costs extra)' },
    file: { type: 'file', description: 'A file or image for the question' },
    file2: { type: 'file', description: 'Another file' },
    file3: { type: 'file', description: 'A third file; for more, mention me in a message' },
    private: { type: 'flag', description: 'Show the answer only to you' },
  },
  async run({ brought, ask }, options) {
    const { prompt, model, effort, web, file, file2, file3 } = options;
    const files = [file, file2, file3].filter((given) => given !== undefined);
    await ask({
      parts: [{ type: 'text', text: prompt }, ...files, ...brought],
      webSearch: web,
      ...(model === undefined ? {} : { model }),
      ...(effort === undefined ? {} : { effort }),
    });
  },
});

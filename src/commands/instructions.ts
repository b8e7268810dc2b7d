import { type CommandContext, defineCommand } from '../core/command.ts';
import { MAX_INSTRUCTIONS_CHARS } from '../core/conversations/instructions.ts';
import { fenced } from '../core/kit/text/text.ts';
import { choice } from './options/choice.ts';
import { changeRecord, ownedTarget, SCOPE_LABELS, SCOPE_WORDS } from './options/setting-scope.ts';

export const instructions = defineCommand({
  name: 'instructions',
  description: 'Show or set the standing instructions for the model here',
  role: 'member',
  reply: 'private',
  options: {
    action: choice('What to do (default: set the text, or show the instructions)', {
      show: 'Show the instructions in use here',
      set: 'Set instructions',
      clear: 'Clear instructions',
    }),
    text: {
      type: 'text',
      description: 'The instructions; {user}, {channel} and {date} are filled in for each question',
      maxChars: MAX_INSTRUCTIONS_CHARS,
    },
    scope: choice('Where they apply (default: this conversation; more for admins)', SCOPE_LABELS),
  },
  async run(context, { action, text, scope = 'conversation' }) {
    const { actor, services } = context;
    const wanted = action ?? (text === undefined ? 'show' : 'set');
    if (wanted === 'show') return shown(context);
    if (wanted === 'set' && text === undefined) {
      return 'Add the instructions: `/instructions action:set text:…`.';
    }
    const target = await ownedTarget(context, scope, 'the instructions');
    if (typeof target === 'string') return target;
    const by = scope === 'conversation' ? { by: actor.user } : {};
    const given = wanted === 'clear' || text === undefined ? undefined : { text, ...by };
    const record = changeRecord(context, scope, 'instructions', given?.text ?? null);
    await services.settings.change(scope, target, { instructions: given }, record);
    return given === undefined
      ? `Instructions for ${SCOPE_WORDS[scope]} cleared.`
      : `Instructions saved for ${SCOPE_WORDS[scope]}. They apply from the next question. Everyone here can read them with \`/instructions\`.`;
  },
});

/** All instructions that apply here, visible to everybody, because nobody should be steered by something they cannot see. */
async function shown({ place, services }: CommandContext): Promise<string> {
  const conversation = await services.chat.conversationAt(place);
  const { instructions: here } = await services.settings.at({ place, conversation });
  if (here.length === 0) {
    return 'No instructions are set here. Set some with `/instructions action:set text:…`.';
  }
  return here.map(({ from, text }) => `From **${from}**:\n${fenced(text)}`).join('\n\n');
}

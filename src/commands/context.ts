import { defineCommand } from '../core/command.ts';
import { oneLine, plainLine, plainName } from '../core/kit/text/text.ts';
import { usdOrNothing } from '../core/ledger/limit-words.ts';
import { mayActAs } from '../core/ports/actor.ts';
import type { Preview } from '../core/prompt/preview.ts';
import { choice } from './options/choice.ts';
import { changeRecord } from './options/setting-scope.ts';

export const context = defineCommand({
  name: 'context',
  description: 'Show what the model will see here; admins choose whether it reads threads',
  role: 'member',
  reply: 'private',
  options: {
    threads: choice('Read the earlier messages of threads or not (admins)', {
      on: 'Read threads',
      off: 'Do not read threads',
      default: 'Same as the {guild}, or the default',
    }),
    scope: choice('Where that applies (default: this channel)', {
      channel: 'This channel',
      guild: 'All channels',
    }),
  },
  async run(given, { threads, scope = 'channel' }) {
    const { actor, place, services } = given;
    const { roles, settings, chat, lookAhead } = services;
    if (threads !== undefined) {
      if (!mayActAs(await roles(actor), 'admin')) return 'Only an admin can choose whether threads are read.';
      const context = threads === 'default' ? undefined : threads === 'on';
      const record = changeRecord(given, scope, 'context', threads);
      await settings.change(scope, { place, conversation: null }, { context }, record);
      const { readsContext } = await settings.at({ place, conversation: null });
      const isOverruled = context !== undefined && context !== readsContext;
      return `${isOverruled ? 'Saved for all channels, but this channel has its own setting. ' : ''}${readingInWords(readsContext)}`;
    }
    const conversation = await chat.conversationAt(place);
    const preview = await lookAhead({ actor, place, conversation });
    if (preview === null) return 'No model is available here right now. `/models` shows why.';
    return inWords(preview);
  },
});

function readingInWords(readsContext: boolean): string {
  return readsContext
    ? 'If you mention me in a thread, I read its earlier messages. I always read the message you reply to, forwarded messages and files.'
    : 'If you mention me in a thread, I do not read its earlier messages. I still read the message you reply to, forwarded messages and files.';
}

const MAX_SUMMARY_CHARS = 1_500;
const MAX_FILES = 10;

function inWords(preview: Preview): string {
  const { model, instructions, summary, turns, leftOut, files, tokens, budgetTokens } = preview;
  const from = instructions.map(
    ({ from, text }) => `${plainLine(from, 80)} (${count(text.length)} characters)`,
  );
  const shown = files.slice(0, MAX_FILES).map(plainName);
  const more = files.length - shown.length;
  const thinking = effortInWords(preview);
  const lines = [
    `Model: ${model.name}`,
    ...(thinking === null ? [] : [`Effort: ${thinking}`]),
    `Instructions: ${from.length === 0 ? 'none' : `from ${from.join(', from ')}. \`/instructions action:show\` shows them.`}`,
    `Earlier messages: ${turnsInWords(turns, leftOut, summary !== null)}`,
    `Files: ${shown.length === 0 ? 'none' : [...shown, ...(more > 0 ? [`and ${count(more)} more`] : [])].join(', ')}`,
    `Size: about ${count(tokens)} of ${count(budgetTokens)} tokens`,
    `Next question: ${priceInWords(preview)}`,
  ].map((line) => `- ${line}`);
  return [
    `**What the model will see here**\n${lines.join('\n')}`,
    ...(summary === null
      ? []
      : [`**Summary of the earlier messages**\n> ${oneLine(summary, MAX_SUMMARY_CHARS)}`]),
    readingInWords(preview.readsContext),
  ].join('\n\n');
}

/** Null if the model supports none and nobody chose one. */
function effortInWords({ effort, wish, takesEffort }: Preview): string | null {
  if (!takesEffort)
    return wish === null ? null : `\`${wish}\` was chosen, but this model does not support it`;
  if (effort === null) return 'the model’s default';
  return `\`${effort}\`${wish === null || wish === effort ? '' : `, the nearest to \`${wish}\` here`}`;
}

function turnsInWords(turns: number, leftOut: number, isSummarised: boolean): string {
  const sent = turns === 1 ? 'one question with its answer' : `${count(turns)} questions with their answers`;
  const words = turns === 0 ? 'none' : sent;
  const missing = leftOut === 0 ? '' : `; the ${count(leftOut)} before that no longer fit`;
  return `${words}${missing}${isSummarised ? '; a summary of everything before' : ''}`;
}

function priceInWords({ sentNanoUsd, mostNanoUsd, payer }: Preview): string {
  if (mostNanoUsd === 0) return 'free';
  const whose = payer === 'guild' ? ', paid with the API key connected here' : '';
  return `about ${usdOrNothing(sentNanoUsd)} for what is sent, at most ${usdOrNothing(mostNanoUsd)} with the longest answer${whose}`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

import { expect, it } from 'vitest';
import { commands } from '../../src/commands/index.ts';
import type { Command } from '../../src/core/command.ts';
import type { Option } from '../../src/core/ports/command.ts';

/** All that people meet of the declarations; the README has the descriptions of the commands themselves. */
const DECLARED = `
/ask: member, answer
  prompt: needed text of 6000. Your question
  model: model. Model to use (default: the current one)
  effort: choice of none “None: answer at once”, minimal “Minimal”, low “Low”, medium “Medium”, high “High (costs more)”, xhigh “Extra high (costs much more)”, max “Maximum (costs much more)”. How much the model thinks first, if it can (more costs more; see /models)
  web: flag. Let the model search the web (costs extra)
  file: file. A file or image for the question
  file2: file. Another file
  file3: file. A third file; for more, mention me in a message
  private: flag. Show the answer only to you
/summarise: member, answer, menu “Summarise this thread”
  private: flag. Show the summary only to you
/models: member, private
  search: text of 100. Part of a model name
/model: member, private
  model: model. Model to use; "default" resets it (default: show the current one)
  fallback: model. Model that answers if that one fails (admins); "default" removes it
  scope: choice of conversation “This conversation”, channel “This channel (admins)”, guild “All channels (admins)”. Where to use it (default: this conversation)
  effort: choice of none “None: answer at once”, minimal “Minimal”, low “Low”, medium “Medium”, high “High (costs more)”, xhigh “Extra high (costs much more)”, max “Maximum (costs much more)”, default “The model’s default”. How much it thinks first, if it can; "default" leaves it to the model
/instructions: member, private
  action: choice of show “Show the instructions in use here”, set “Set instructions”, clear “Clear instructions”. What to do (default: set the text, or show the instructions)
  text: text of 4000. The instructions; {user}, {channel} and {date} are filled in for each question
  scope: choice of conversation “This conversation”, channel “This channel (admins)”, guild “All channels (admins)”. Where they apply (default: this conversation; more for admins)
/persona: member, private
  action: choice of list “List them”, use “Use one here”, add “Add or replace one (admins)”, remove “Remove one (admins)”. What to do (default: use the named persona, or list them)
  name: text of 40. Name of the persona; "none" uses none, "default" resets the choice
  instructions: text of 4000. For add: the instructions of the persona
  model: model. For add: the persona’s model, if nobody chose another
  effort: choice of none “None: answer at once”, minimal “Minimal”, low “Low”, medium “Medium”, high “High (costs more)”, xhigh “Extra high (costs much more)”, max “Maximum (costs much more)”. For add: how much its model thinks first, if nobody chose otherwise
  temperature: text of 10. For add: from 0 (predictable) to 2 (creative)
  scope: choice of conversation “This conversation”, channel “This channel (admins)”, guild “All channels (admins)”. For use: where (default: this conversation; more for admins)
/context: member, private
  threads: choice of on “Read threads”, off “Do not read threads”, default “Same as the {guild}, or the default”. Read the earlier messages of threads or not (admins)
  scope: choice of channel “This channel”, guild “All channels”. Where that applies (default: this channel)
/new: member, private
/listen: member, private
  state: choice of on “On: I answer every message in this thread”, off “Off: I answer only if I am mentioned”. On or off (default: show the setting)
/answers: member, private
  show: choice of whole “Whole, once they have ended”, growing “Growing while the model writes”, default “As it is set for the channel”. How answers to you are shown (default: tell how they are)
/stop: member, private
/usage: member, private
  of: choice of me “Me”, here “Everyone in this {guild} (admins)”, everywhere “All servers and workspaces (operators)”. Whose usage (default: yours; admins: everyone here)
  days: choice of 7 “7 days”, 30 “30 days”, 90 “90 days”. Number of days (default: 30)
/automatic: member, private
  what: choice of summaries “Summaries”, titles “Titles”. The task to switch (admins)
  state: choice of on “On”, off “Off”. On or off, for all channels
/limits: member, private
  limit: choice of requests-per-minute “Requests per person per minute”, requests-per-day “Requests per person per day”, dollars-per-day “Spending per person per day”, all-dollars-per-day “Total spending per day”, all-dollars-per-month “Total spending per month”. Limit to set (default: show all limits)
  to: text of 40. A number, or dollars like 0.50; "default" removes the limit you set; "none" lifts it (operators)
  user: text of 100. Only for this person, by mention or ID (admins)
  role: text of 100. For each person with this role or user group, by mention or ID (admins)
  guild: text of 100. Another server or workspace, by ID (operators)
/channel: admin, private
  model: model. The model that answers here; "default" removes the setting
  persona: text of 40. The persona that answers here; "none" for none, "default" removes the setting
  effort: choice of none “None: answer at once”, minimal “Minimal”, low “Low”, medium “Medium”, high “High (costs more)”, xhigh “Extra high (costs much more)”, max “Maximum (costs much more)”, default “As everywhere”. How much the model thinks first, if it can; "default" removes the setting
  web: choice of on “Search the web if the model can”, off “Only if somebody asks for it”, default “As everywhere”. Whether questions here may search the web unasked (costs extra)
  mention: choice of needed “I answer what mentions me”, not-needed “I answer everything that is written here”. Whether I answer only what mentions me here
  answers: choice of thread “In a thread”, channel “In the channel”, default “As the platform has it”. Where I answer a mention here
  show: choice of whole “Whole, once they have ended”, growing “Growing while the model writes”, default “As everywhere”. How answers are shown here; people can choose otherwise with /answers
/access: admin, private, open to all
  list: choice of allow “Allow: if anything is allowed, only that is”, deny “Deny, whatever is allowed”, neither “Take it off both lists”. What to do with the user, role or channel
  user: text of 100. A person: a mention or a user ID
  role: text of 100. A role or user group: a mention or an ID
  channel: flag. This channel
/tier: member, private
  action: choice of show “Show”, grant “Grant (operators)”, revoke “Revoke (operators)”, log “Log of changes (operators)”. What to do (default: show the tier)
  guild: text of 40. Another server or workspace (operators): discord:<server id>, slack:<team id>
  tier: choice of free “free”, openai “openai”, openrouter “openrouter”, premium “premium”. The tier to grant (operators)
  until: text of 40. When the grant ends (operators), for example 2027-01-01
  reason: text of 200. Reason, for the audit log (operators)
/connect: admin, private
  provider: needed choice of openrouter “OpenRouter”, openai “OpenAI”. Provider of the key
  key: needed secret of 400. The key, from openrouter.ai/settings/keys or platform.openai.com/api-keys
/disconnect: admin, private
  provider: choice of openrouter “OpenRouter”, openai “OpenAI”. Provider of the key; not needed if only one is connected
/forget: member, private, open to all
  what: choice of conversation “This conversation”, myself “My data here”, guild “All data of this {guild} (admins)”. What to delete (default: this conversation)
  sure: choice of yes “Yes, delete it”. Confirms deleting more than a conversation
/export: member, private, open to all
/help: member, private, open to all
  command: text of 40. A command to explain
`;

function linesOf({ name, role, reply, menu, isOpenToAll, options }: Command): string[] {
  const inMenu = menu === undefined ? '' : `, menu “${menu}”`;
  const head = `/${name}: ${role}, ${reply}${inMenu}${isOpenToAll ? ', open to all' : ''}`;
  return [head, ...Object.entries(options).map(([key, option]) => `  ${key}: ${inWords(option)}`)];
}

function inWords(option: Option): string {
  const choices = option.type === 'choice' ? option.choices : [];
  const labels = choices.map(({ value, label }) => `${value} “${label}”`).join(', ');
  const bounds = 'maxChars' in option ? ` of ${option.maxChars}` : labels && ` of ${labels}`;
  return `${option.required ? 'needed ' : ''}${option.type}${bounds}. ${option.description}`;
}

it('the commands are declared as people know them', () => {
  expect(`\n${commands.flatMap(linesOf).join('\n')}\n`).toBe(DECLARED);
});

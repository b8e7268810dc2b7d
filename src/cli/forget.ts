import { counted } from '../core/kit/text.ts';
import { type CliCommand, guildIn, personIn, refuseMore, UsageError } from './command.ts';
import { withPrivacy } from './services.ts';

/** Deletes a person's data in a guild, or a whole guild's, as `/forget` does. */
export const forget: CliCommand = {
  name: 'forget',
  summary: 'Delete what is stored about a person or a guild',
  usage: ['forget <guild> [<user id>] --yes'],
  options: { yes: { type: 'boolean' } },

  async run({ positionals: [given, person, ...extra], values }, context) {
    refuseMore(extra);
    const guild = guildIn(given);
    const user = person === undefined ? null : personIn(guild, person);
    const what =
      user === null
        ? `all conversations, choices and costs of ${guild}`
        : `all questions of ${user} in ${guild}, their answers and costs`;
    if (values['yes'] !== true) {
      throw new UsageError(`This deletes ${what} for good. Confirm with --yes.`);
    }
    const done = await withPrivacy(context, (privacy) =>
      user === null ? privacy.forgetGuild(guild, context.by) : privacy.forgetPerson(guild, user),
    );
    const { remembered, requests, unsettled } = done;
    const kept =
      unsettled === 0 ? '' : `  ${unsettled} more are not settled yet; their costs will still be recorded.`;
    const things =
      user === null
        ? counted(remembered, 'conversation', 'conversations')
        : counted(remembered, 'question with its answer', 'questions with their answers');
    return {
      text: `Deleted ${what}: ${things}, ${counted(requests, 'cost of a request', 'costs of requests')}.${kept}`,
      json: { guild, user, ...done },
    };
  },
};

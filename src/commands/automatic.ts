import { type CommandContext, defineCommand } from '../core/command.ts';
import { createDates } from '../core/kit/time/periods.ts';
import { sumInWords, sumOf, usageSince } from '../core/ledger/report.ts';
import { mayActAs, placeOf } from '../core/ports/actor.ts';
import { AUTOMATIC, AUTOMATIC_NAMES } from '../core/ports/automatic.ts';
import { choice } from './options/choice.ts';
import { changeRecord } from './options/setting-scope.ts';

export const automatic = defineCommand({
  name: 'automatic',
  description: 'Show automatic tasks and their cost today; admins can switch them',
  role: 'member',
  reply: 'private',
  options: {
    what: {
      type: 'choice',
      description: 'The task to switch (admins)',
      choices: AUTOMATIC_NAMES.map((value) => ({ value, label: AUTOMATIC[value].label })),
    },
    state: choice('On or off, for all channels', {
      on: 'On',
      off: 'Off',
    }),
  },
  async run(context, { what, state }) {
    const { actor, place, services } = context;
    if ((what === undefined) !== (state === undefined)) {
      return 'Choose both `what` and `state`, or neither to see the settings.';
    }
    const isAdmin = mayActAs(await services.roles(actor), 'admin');
    if (what !== undefined && state !== undefined) {
      if (!isAdmin) return 'Only an admin can switch this.';
      const record = changeRecord(context, 'guild', what, state);
      await services.settings.change(
        'guild',
        { place, conversation: null },
        { [what]: state === 'on' },
        record,
      );
    }
    const isInVain = what !== undefined && state === 'on' && !services.mayRunByItself(what);
    const words = await inWords(context, isAdmin);
    return isInVain ? `Saved, but it has no effect: the operator has switched it off.\n\n${words}` : words;
  },
});

async function inWords({ place, services }: CommandContext, isAdmin: boolean): Promise<string> {
  const { clock, timeZone } = services;
  const dateOf = createDates(timeZone);
  const { automatic } = await services.settings.at({ place, conversation: null });
  const rows = await usageSince(services, { of: { guild: place.guild }, day: dateOf(clock.now()) }, dateOf);
  const lines = AUTOMATIC_NAMES.map((name) => {
    const { label, does } = AUTOMATIC[name];
    const today = sumInWords(sumOf(rows.filter(({ kind }) => kind === name)));
    const state = automatic[name]
      ? 'on'
      : services.mayRunByItself(name)
        ? 'off'
        : 'off for this installation';
    return `- ${label} ${does}: ${state}${isAdmin ? ` · today: ${today}` : ''}`;
  });
  return [
    `**Automatic tasks in ${placeOf(place.guild)}**\n${lines.join('\n')}`,
    'They use the cheapest model available here. Their cost counts towards limits on spending, but not as anybody’s request.',
  ].join('\n\n');
}

import { type CommandContext, defineCommand } from '../core/command.ts';
import { createDates, sumInWords, sumOf, usageSince } from '../core/ledger/report.ts';
import { mayActAs, placeOf } from '../core/ports/actor.ts';
import { AUTOMATIC, AUTOMATIC_NAMES } from '../core/ports/automatic.ts';
import { choice } from './choice.ts';

export const automatic = defineCommand({
  name: 'automatic',
  description: 'Show what asks models by itself and what it cost today; admins switch it',
  role: 'member',
  reply: 'private',
  options: {
    what: {
      type: 'choice',
      description: 'What to switch (admins)',
      choices: AUTOMATIC_NAMES.map((value) => ({ value, label: AUTOMATIC[value].label })),
    },
    state: choice('On or off, for all channels', {
      on: 'On',
      off: 'Off',
    }),
  },
  async run(context, { what, state }) {
    const { actor, place, services, tell } = context;
    if ((what === undefined) !== (state === undefined)) {
      return tell('Choose both `what` and `state`, or none of them to see what is on.');
    }
    const isAdmin = mayActAs(await services.roles(actor), 'admin');
    if (what !== undefined && state !== undefined) {
      if (!isAdmin) return tell('Only an admin can switch this.');
      await services.settings.change('guild', { place, conversation: null }, { [what]: state === 'on' });
    }
    await tell(await inWords(context, isAdmin));
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
    `**What asks models by itself in ${placeOf(place.guild)}**\n${lines.join('\n')}`,
    'It goes to the cheapest model that you can use here. It counts towards limits on spending, and is nobody’s request.',
  ].join('\n\n');
}

import type { PlaygroundHost } from '../adapters/web/server/host.ts';
import { priceOf } from '../commands/models.ts';
import type { AccessDecision } from '../core/access/access.ts';
import { allowanceFor, effortsFor } from '../core/access/allowance.ts';
import type { Command } from '../core/command.ts';
import { createDates } from '../core/kit/time/periods.ts';
import { sumOf, usageSince } from '../core/ledger/report.ts';
import { type GuildId, platformOf } from '../core/ports/actor.ts';
import { inWordsOf } from '../core/ports/command.ts';
import type { Model } from '../core/ports/model.ts';
import type { Services } from '../core/services.ts';

const GUILD: GuildId = 'web:local';

/** The amount booked today, whoever pays, without reservations. */
async function spentToday({ usage, ledger, clock, timeZone }: Services): Promise<number> {
  const dateOf = createDates(timeZone);
  const day = dateOf(clock.now());
  return sumOf(await usageSince({ usage, ledger }, { of: { guild: GUILD }, day }, dateOf)).costNanoUsd;
}

function lockOf({ tier }: Model, decision: AccessDecision): string | null {
  if (decision.ok) return null;
  switch (decision.reason) {
    case 'locked':
      return `needs the tier ${tier}`;
    case 'no_route':
      return 'no API key is set up';
    default:
      return 'no longer offered';
  }
}

/** The content of the playground's bar, and its switch of tiers. */
export function createPlaygroundHost(parts: {
  readonly commands: readonly Command[];
  readonly services: Services;
  /** A provider's name, for people. */
  readonly nameOf: (provider: string) => string;
  readonly isDemo: boolean;
}): PlaygroundHost {
  const { commands, services, nameOf, isDemo } = parts;
  return {
    commands: commands.map((command) => inWordsOf('web', command)),
    async status(place) {
      const conversation = await services.chat.conversationAt(place);
      const { model: setting, effort } = await services.settings.at({ place, conversation });
      const [{ guild, decide }, choice, spentNanoUsd] = await Promise.all([
        services.models.look(GUILD),
        services.choose({ whose: GUILD, setting, asked: null }),
        spentToday(services),
      ]);
      const decision = choice.ok ? decide(choice.model.id) : null;
      return {
        provider: decision?.ok ? nameOf(decision.route.provider) : 'none',
        model: choice.ok ? { id: choice.model.id, name: choice.model.name } : null,
        efforts: decision?.ok ? effortsFor(decision) : [],
        effort: decision?.ok && effort !== null ? allowanceFor(decision, effort.effort).effort : null,
        models: services.catalogue.list(platformOf(GUILD)).map((model) => ({
          id: model.id,
          name: model.name,
          price: priceOf(model),
          lock: lockOf(model, decide(model.id)),
        })),
        tier: guild.tier,
        spentNanoUsd,
        demo: isDemo,
      };
    },
    setTier: (tier) =>
      services.guilds.grant(GUILD, {
        tier,
        expiresAtMs: null,
        reason: 'the switch in the playground',
        by: 'web:operator',
        replacesDefault: true,
      }),
  };
}

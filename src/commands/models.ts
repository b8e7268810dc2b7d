import type { AccessDecision } from '../core/access/access.ts';
import { defineCommand, type ViewContext } from '../core/command.ts';
import { perMillion } from '../core/kit/money.ts';
import { quoted } from '../core/kit/text/text.ts';
import { platformOf } from '../core/ports/actor.ts';
import type { Model } from '../core/ports/model.ts';
import { TIERS, type Tier } from '../core/ports/tiers.ts';
import { effortsInWords } from './options/models.ts';

const TIER_NAMES = {
  free: 'Free',
  openrouter: 'OpenRouter',
  openai: 'OpenAI',
  premium: 'Premium',
} as const satisfies Record<Tier, string>;

export const models = defineCommand({
  name: 'models',
  description: 'List the models you can use here, with prices',
  role: 'member',
  reply: 'private',
  options: {
    search: { type: 'text', description: 'Part of a model name', maxChars: 100 },
  },
  view: (context) => modelsHere(context),
  run: (context, { search }) => modelsHere(context, search),
});

/** The models whose names contain a text, by tier, with their prices here. */
async function modelsHere({ actor, place, services }: ViewContext, search = ''): Promise<string> {
  const platform = platformOf(place.guild);
  const wanted = search.toLowerCase();
  const found = services.catalogue
    .list(platform)
    .filter(({ id, name }) => `${id} ${name}`.toLowerCase().includes(wanted));
  if (found.length === 0) {
    return `No model name contains ${quoted(search)}. \`/models\` without options lists all models.`;
  }
  const conversation = await services.chat.conversationAt(place);
  const { model: setting } = await services.settings.at({ place, conversation });
  const current = await services.choose({ whose: actor, setting, asked: null });
  const currentId = current.ok ? current.model.id : null;
  const { tier } = await services.guilds.access(actor);

  const { decide } = await services.models.look(actor);
  const rows = found.map((model) => {
    const decision = decide(model.id);
    const efforts = decision.ok ? effortsInWords(decision, services.catalogue) : null;
    return { model, decision, efforts };
  });
  const takesEffort = rows.some(({ efforts }) => efforts !== null);
  const sections = TIERS.flatMap((modelTier) => {
    const here = rows.filter(({ model }) => model.tier === modelTier);
    if (here.length === 0) return [];
    const isLocked = here.some(({ decision }) => !decision.ok && decision.reason === 'locked');
    const unlock = isLocked ? ` — needs the tier \`${modelTier}\`` : '';
    const lines = here.map((row) => `- ${describe(row, row.model.id === currentId)}`);
    return [`**${TIER_NAMES[modelTier]}**${unlock}\n${lines.join('\n')}`];
  });
  return `${sections.join('\n\n')}\n\nTier here: \`${tier}\`. Prices are per million tokens, in and out. Choose a model with \`/model\`, or for a single question in \`/ask\`.${takesEffort ? ABOUT_EFFORT : ''}`;
}

const ABOUT_EFFORT =
  ' Choose `effort`, how much it thinks first, the same way: thinking is paid for as output.';

interface Row {
  readonly model: Model;
  readonly decision: AccessDecision;
  /** Null if it supports none. */
  readonly efforts: string | null;
}

function describe({ model, decision, efforts }: Row, isCurrent: boolean): string {
  const name = isCurrent ? `**${model.name}** (answers here)` : model.name;
  const facts = [`\`${model.id}\``, priceOf(model), `${formatTokens(model.contextTokens)} context`];
  if (efforts !== null) facts.push(efforts);
  if (model.endsOn !== null) facts.push(`⚠️ ends on ${model.endsOn}`);
  if (decision.ok) return [name, ...facts].join(' · ');
  switch (decision.reason) {
    case 'locked':
      return [`🔒 ${name}`, ...facts].join(' · ');
    case 'no_route':
      return [`✗ ${name}`, ...facts, 'not available: no API key set up'].join(' · ');
    default:
      return `✗ ${name} · \`${model.id}\` · no longer offered by its provider`;
  }
}

/** Prices per million tokens, in and out; `free` for a free model. */
export function priceOf({ prices: { promptPicoUsd, completionPicoUsd } }: Model): string {
  if (promptPicoUsd === null || completionPicoUsd === null) return 'price unknown';
  if (promptPicoUsd === 0 && completionPicoUsd === 0) return 'free';
  return `${perMillion(promptPicoUsd)} in, ${perMillion(completionPicoUsd)} out`;
}

/** `128k`, `1M`. */
function formatTokens(tokens: number): string {
  return new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })
    .format(tokens)
    .replace('K', 'k');
}

import type { Logger } from 'pino';
import type { Command } from '../command.ts';
import { orLog } from '../kit/or-log.ts';
import { platformOf } from '../ports/actor.ts';
import { buttonRow } from '../ports/buttons.ts';
import type { Dispatch, Suggestion, SuggestRequest } from '../ports/events.ts';
import type { Model } from '../ports/model.ts';
import type { Services } from '../services.ts';

/** Discord's limit for autocomplete and for a menu in a form, which has a choice of its own besides. */
const MAX_SUGGESTIONS = 25;

/** Models sorted by how close their prices are to another model's; unsorted if there is none. */
function nearestByPrice(models: readonly Model[], to: Model | null): readonly Model[] {
  if (to === null) return models;
  // Prices differ by factors. A free or unknown price counts as one pico-dollar.
  const size = ({ prices }: Model) => Math.log(Math.max(1, prices.completionPicoUsd ?? 1));
  const distance = (model: Model) => Math.abs(size(model) - size(to));
  return models.toSorted((a, b) => distance(a) - distance(b));
}

/** Completes options while they are typed, and fills the menus of buttons' forms. */
export function createSuggestions(
  commands: readonly Command[],
  { catalogue, models, chat }: Services,
  log: Logger,
): Dispatch['suggest'] {
  /** Models whose name or id contains the input, by whether the guild may use them. */
  async function modelsNamed({ text, place, actor }: SuggestRequest) {
    const wanted = text.trim().toLowerCase();
    const found = catalogue
      .list(platformOf(place.guild))
      .filter(({ gone, id, name }) => !gone && `${id} ${name}`.toLowerCase().includes(wanted));
    const { decide } = await models.look(actor);
    return Map.groupBy(found, ({ id }) => decide(id).ok);
  }

  /** Models that could replace an answer's model, most similar price first. */
  async function suggestOthers(request: SuggestRequest, answerId: string): Promise<Suggestion[]> {
    const { guild } = request.place;
    const answeredBy = await chat.answeredBy(answerId, request.actor.guild);
    const open = (await modelsNamed(request)).get(true) ?? [];
    const before = answeredBy === null ? null : catalogue.get(answeredBy, platformOf(guild));
    return nearestByPrice(open, before)
      .filter(({ id }) => id !== answeredBy)
      .slice(0, MAX_SUGGESTIONS - 1)
      .map(({ id, name }) => ({ label: name, value: id }));
  }

  /** Models whose name or id contains the input; usable ones first, locked ones marked. */
  async function suggestModels(request: SuggestRequest): Promise<Suggestion[]> {
    const found = await modelsNamed(request);
    const open = found.get(true)?.map(({ id, name }) => ({ label: name, value: id })) ?? [];
    const locked = found
      .get(false)
      ?.map(({ id, name, tier }) => ({ label: `🔒 ${name} (needs ${tier})`, value: id }));
    return [...open, ...(locked ?? [])].slice(0, MAX_SUGGESTIONS);
  }

  async function suggest(request: SuggestRequest): Promise<readonly Suggestion[]> {
    const { command } = request;
    if (typeof command !== 'string') {
      const asked = buttonRow(command.button).form?.[request.option];
      return asked?.type === 'model' ? suggestOthers(request, command.answerId) : [];
    }
    const option = commands.find(({ name }) => name === command)?.options[request.option];
    if (option?.type === 'model') return suggestModels(request);
    if (option?.type !== 'choice') return [];
    const wanted = request.text.toLowerCase();
    return option.choices
      .filter(({ label, value }) => `${label} ${value}`.toLowerCase().includes(wanted))
      .slice(0, MAX_SUGGESTIONS);
  }

  return (request) =>
    suggest(request).catch(orLog(log, 'warn', { option: request.option }, 'could not make suggestions', []));
}

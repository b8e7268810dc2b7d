import type { AccessDecision } from '../../core/access/access.ts';
import type { ViewContext } from '../../core/command.ts';
import { platformOf, type Whose } from '../../core/ports/actor.ts';

/** Whether `whose` may use the model that a person spelled, by its id or a short name. */
export async function decideSpelled(
  { place, services }: ViewContext,
  spelled: string,
  whose: Whose,
): Promise<AccessDecision> {
  const { model } = services.catalogue.resolve(spelled, platformOf(place.guild));
  return (await services.models.look(whose)).decide(model?.id ?? spelled);
}

import { createCatalogue } from '../../core/catalogue/catalogue.ts';
import type { CatalogueFile } from '../../core/catalogue/file.ts';
import { upTo } from '../../core/ports/effort.ts';
import { LOCAL_PLATFORM } from '../../core/ports/platforms.ts';
import type { ModelFacts } from '../../core/ports/provider.ts';
import { opens, TIERS } from '../../core/ports/tiers.ts';
import type { Findings } from './check.ts';

/** Warns of models whose lowest effort, as their providers state it, exceeds a tier's limit. */
export function checkBounds(
  file: CatalogueFile,
  lists: ReadonlyMap<string, readonly ModelFacts[]>,
  { warn }: Pick<Findings, 'warn'>,
): void {
  const catalogue = createCatalogue(file);
  for (const [provider, list] of lists) catalogue.apply(provider, list);
  for (const tier of TIERS) {
    const { maxEffort, maxAnswerTokens } = catalogue.bounds(tier);
    if (maxEffort === null) continue;
    const thinking = catalogue
      .list(LOCAL_PLATFORM)
      .filter((model) => !model.gone && model.thinks && opens(tier, model.tier));
    for (const { id, efforts } of thinking) {
      const least = efforts[0];
      if (upTo(maxEffort, efforts).length > 0 || (least === undefined && maxAnswerTokens !== null)) continue;
      warn(
        `${id} thinks more than tiers.${tier}.maxEffort (${maxEffort}) allows: ${least === undefined ? 'it takes no effort' : `its least is ${least}`}`,
        least === undefined
          ? `Set tiers.${tier}.maxAnswerTokens, which limits it too`
          : `Set tiers.${tier}.maxEffort to ${least}, or give the model another tier`,
      );
    }
  }
}

import { html, nothing, type TemplateResult } from 'lit-html';
import type { Spot } from '../../wire.ts';
import { upload, wordsFor } from '../model/api.ts';
import { type Store, spotKey } from '../model/state.ts';
import { icons } from '../parts/icons.ts';

/** Files attached to a draft. Each is uploaded at once. */
export interface Attachments {
  add(spot: Spot, files: Iterable<File>): void;
  /** Ids of the uploaded files; null while an upload is running. */
  ready(spot: Spot): readonly string[] | null;
  has(spot: Spot): boolean;
  clear(spot: Spot): void;
  view(spot: Spot): TemplateResult | typeof nothing;
}

interface Attachment {
  readonly id: string;
  readonly name: string;
  phase: 'leaving' | 'there' | 'refused';
  problem: string | null;
}

export function createAttachments({ state, change }: Store): Attachments {
  const bySpot = new Map<string, Attachment[]>();
  const at = (spot: Spot) => bySpot.get(spotKey(spot)) ?? [];

  async function attach(spot: Spot, file: File): Promise<void> {
    const { maxFiles, maxFileBytes } = state.info;
    const { name, size } = file;
    const attachment: Attachment = { id: crypto.randomUUID(), name, phase: 'leaving', problem: null };
    const isOneTooMany = at(spot).filter(({ phase }) => phase !== 'refused').length >= maxFiles;
    bySpot.set(spotKey(spot), [...at(spot), attachment]);
    change();
    const problem = isOneTooMany
      ? `at most ${maxFiles} files`
      : size > maxFileBytes
        ? `larger than ${Math.round(maxFileBytes / 1_000_000)} MB`
        : await upload(file, attachment.id, state.as).then(() => null, wordsFor);
    attachment.phase = problem === null ? 'there' : 'refused';
    attachment.problem = problem;
    change();
  }

  function remove(spot: Spot, gone: Attachment): void {
    bySpot.set(
      spotKey(spot),
      at(spot).filter((attachment) => attachment !== gone),
    );
    change();
  }

  return {
    add(spot, files) {
      for (const file of files) void attach(spot, file);
    },
    has: (spot) => at(spot).some(({ phase }) => phase !== 'refused'),
    ready(spot) {
      if (at(spot).some(({ phase }) => phase === 'leaving')) return null;
      return at(spot)
        .filter(({ phase }) => phase === 'there')
        .map(({ id }) => id);
    },
    clear: (spot) => void bySpot.delete(spotKey(spot)),
    view(spot) {
      if (at(spot).length === 0) return nothing;
      return html`<ul class="attachments row" aria-label="Files to send">
        ${at(spot).map(
          (attachment) => html`<li class="row small ${attachment.phase}">
            ${icons.attach}<span class="clip">${attachment.name}</span>
            ${attachment.problem === null ? nothing : html`<em role="alert">${attachment.problem}</em>`}
            <button type="button" aria-label="Remove ${attachment.name}" title="Remove" @click=${() => remove(spot, attachment)}>
              ${icons.close}
            </button>
          </li>`,
        )}
      </ul>`;
    },
  };
}

import { html, nothing, type TemplateResult } from 'lit-html';
import type { RoomInfo, Spot } from '../../wire.ts';
import { upload, wordsFor } from '../model/api.ts';
import { spotKey } from '../model/state.ts';
import { icons } from '../parts/icons.ts';

/** Files attached to a draft. Each is uploaded at once. */
export interface Attachments {
  add(spot: Spot, files: Iterable<File>, as: string, info: RoomInfo): void;
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

export function createAttachments(redraw: () => void): Attachments {
  const bySpot = new Map<string, Attachment[]>();
  const at = (spot: Spot) => bySpot.get(spotKey(spot)) ?? [];

  function add(spot: Spot, files: Iterable<File>, as: string, { maxFiles, maxFileBytes }: RoomInfo): void {
    for (const file of files) {
      const attachment: Attachment = {
        id: crypto.randomUUID(),
        name: file.name,
        phase: 'leaving',
        problem: null,
      };
      const refuse = (problem: string) => {
        attachment.phase = 'refused';
        attachment.problem = problem;
        redraw();
      };
      const isOneTooMany = at(spot).filter(({ phase }) => phase !== 'refused').length >= maxFiles;
      bySpot.set(spotKey(spot), [...at(spot), attachment]);
      if (isOneTooMany) refuse(`at most ${maxFiles} files`);
      else if (file.size > maxFileBytes) refuse(`larger than ${Math.round(maxFileBytes / 1_000_000)} MB`);
      else {
        upload(file, attachment.id, as).then(
          () => {
            attachment.phase = 'there';
            redraw();
          },
          (error: unknown) => refuse(wordsFor(error)),
        );
      }
    }
    redraw();
  }

  function remove(spot: Spot, gone: Attachment): void {
    bySpot.set(
      spotKey(spot),
      at(spot).filter((attachment) => attachment !== gone),
    );
    redraw();
  }

  return {
    add,
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

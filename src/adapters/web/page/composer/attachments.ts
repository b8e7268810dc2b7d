import { html, nothing, type TemplateResult } from 'lit-html';
import type { Spot } from '../../wire.ts';
import { upload, wordsFor } from '../model/api.ts';
import { spotKey } from '../model/state.ts';
import { icons } from '../parts/icons.ts';
import type { Attachment, Composer } from './composer.ts';

/** Attaches files to a draft, and uploads them. */
export function attach(composer: Composer, spot: Spot, files: Iterable<File>): void {
  for (const file of files) void attachOne(composer, spot, file);
}

async function attachOne(composer: Composer, spot: Spot, file: File): Promise<void> {
  const { state, change } = composer.page;
  const { maxFiles, maxFileBytes } = state.info;
  const { name, size } = file;
  const attachment: Attachment = { id: crypto.randomUUID(), name, phase: 'leaving', problem: null };
  const before = attachedAt(composer, spot);
  const isOneTooMany = before.filter(({ phase }) => phase !== 'refused').length >= maxFiles;
  composer.files.set(spotKey(spot), [...before, attachment]);
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

function attachedAt({ files }: Composer, spot: Spot): readonly Attachment[] {
  return files.get(spotKey(spot)) ?? [];
}

export function hasFiles(composer: Composer, spot: Spot): boolean {
  return attachedAt(composer, spot).some(({ phase }) => phase !== 'refused');
}

/** Ids of the uploaded files; null while an upload is running. */
export function readyFiles(composer: Composer, spot: Spot): readonly string[] | null {
  const attached = attachedAt(composer, spot);
  if (attached.some(({ phase }) => phase === 'leaving')) return null;
  return attached.filter(({ phase }) => phase === 'there').map(({ id }) => id);
}

export function attachmentsView(composer: Composer, spot: Spot): TemplateResult | typeof nothing {
  const attached = attachedAt(composer, spot);
  if (attached.length === 0) return nothing;
  const remove = (gone: Attachment) => {
    const rest = attachedAt(composer, spot).filter((attachment) => attachment !== gone);
    composer.files.set(spotKey(spot), rest);
    composer.page.change();
  };
  return html`<ul class="attachments row" aria-label="Files to send">
    ${attached.map(
      (attachment) => html`<li class="row small ${attachment.phase}">
        ${icons.attach}<span class="clip">${attachment.name}</span>
        ${attachment.problem === null ? nothing : html`<em role="alert">${attachment.problem}</em>`}
        <button type="button" aria-label="Remove ${attachment.name}" title="Remove" @click=${() => remove(attachment)}>
          ${icons.close}
        </button>
      </li>`,
    )}
  </ul>`;
}

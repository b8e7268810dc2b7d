import { html, nothing, type TemplateResult } from 'lit-html';
import type { OptionInfo } from '../wire.ts';
import type { Controller } from './model/controller.ts';
import type { OpenForm } from './model/state.ts';

/** The form over the page, if one is open. */
export function formView(open: OpenForm | null, controller: Controller): TemplateResult | typeof nothing {
  if (open === null) return nothing;
  const { title, description, fields } = open;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.target instanceof HTMLFormElement)) return;
    const given = [...new FormData(event.target)].filter(([, value]) => value !== '');
    controller.submitForm(Object.fromEntries(given.map(([key, value]) => [key, String(value)])));
  };
  return html`
    <dialog class="form" aria-labelledby="form-title" @close=${() => controller.closeForm()}>
      <form @submit=${submit}>
        <h2 id="form-title">${title}</h2>
        ${description === '' ? nothing : html`<p>${description}</p>`}
        ${fields.map(field)}
        <div class="form-foot">
          <button type="button" class="button" @click=${() => controller.closeForm()}>Cancel</button>
          <button type="submit" class="primary">Send</button>
        </div>
      </form>
    </dialog>
  `;
}

/** Call once it is drawn: a modal dialog keeps the focus inside and closes with Escape. */
export function showForm(): void {
  document.querySelector<HTMLDialogElement>('dialog.form:not([open])')?.showModal();
}

function field({ name, type, description, required, maxChars, choices }: OptionInfo): TemplateResult {
  const id = `form-${name}`;
  const input =
    type === 'choice'
      ? html`<select id=${id} name=${name} aria-describedby="${id}-hint" ?required=${required}>
          ${required || choices.some(({ value }) => value === '') ? nothing : html`<option value=""></option>`}
          ${choices.map(({ value, label }) => html`<option value=${value}>${label}</option>`)}
        </select>`
      : type === 'text' && (maxChars ?? 0) > 200
        ? html`<textarea id=${id} name=${name} rows="3" aria-describedby="${id}-hint" maxlength=${maxChars ?? nothing} ?required=${required}></textarea>`
        : html`<input
          id=${id}
          name=${name}
          type=${type === 'secret' ? 'password' : 'text'}
          aria-describedby="${id}-hint"
          autocomplete="off"
          maxlength=${maxChars ?? nothing}
          ?required=${required}
        />`;
  return html`<label for=${id}>${name}</label><span id="${id}-hint">${description}</span>${input}`;
}

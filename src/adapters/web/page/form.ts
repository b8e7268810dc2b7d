import { html, nothing, type TemplateResult } from 'lit-html';
import type { OptionInfo } from '../wire.ts';
import type { Page } from './model/page.ts';

/** The form over the page, if one is open. */
export function formView({ state, change }: Page): TemplateResult | typeof nothing {
  if (state.form === null) return nothing;
  const { title, description, fields, send } = state.form;
  const close = () => change({ form: null });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    // Two clicks may come before the page is drawn without the form.
    if (state.form === null || !(event.target instanceof HTMLFormElement)) return;
    const given = [...new FormData(event.target)].filter(([, value]) => value !== '');
    close();
    send(Object.fromEntries(given.map(([key, value]) => [key, String(value)])));
  };
  return html`
    <dialog class="form" aria-labelledby="form-title" @close=${close}>
      <form class="fields" @submit=${submit}>
        <h2 id="form-title">${title}</h2>
        ${description === '' ? nothing : html`<p class="soft small">${description}</p>`}
        ${fields.map(field)}
        <div class="form-foot row">
          <button type="button" class="button" @click=${close}>Cancel</button>
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
  return html`<label for=${id}>${name}</label><span id="${id}-hint" class="soft small">${description}</span>${input}`;
}

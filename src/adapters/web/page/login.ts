import { html, nothing, render } from 'lit-html';
import { post, wordsFor } from './model/api.ts';
import { botMark } from './parts/icons.ts';

/** Asks for `ADMIN_TOKEN` over the page; resolves once the server has accepted it. */
export function logIn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const root = document.body.appendChild(document.createElement('div'));

  function draw(problem: string | null): void {
    render(
      html`
        <dialog class="login" aria-labelledby="login-title" @cancel=${(event: Event) => event.preventDefault()}>
          <form @submit=${submit}>
            <span class="avatar bot" aria-hidden="true">${botMark}</span>
            <h1 id="login-title">Parley playground</h1>
            <label for="token" class="soft">Enter the <code>ADMIN_TOKEN</code> of this installation.</label>
            <input id="token" name="token" type="password" autocomplete="current-password" required />
            ${problem === null ? nothing : html`<p class="note small" role="alert">${problem}</p>`}
            <button type="submit" class="primary">Log in</button>
          </form>
        </dialog>
      `,
      root,
    );
  }

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (!(event.target instanceof HTMLFormElement)) return;
    try {
      await post('login', { token: String(new FormData(event.target).get('token')) });
    } catch (error) {
      return draw(wordsFor(error));
    }
    // A dialog that is closed before it is removed returns the focus.
    root.querySelector('dialog')?.close();
    root.remove();
    resolve();
  }

  draw(null);
  root.querySelector('dialog')?.showModal();
  return promise;
}

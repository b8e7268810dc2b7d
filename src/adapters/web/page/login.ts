import { html, nothing, render } from 'lit-html';
import { post, wordsFor } from './model/api.ts';
import { botMark } from './parts/icons.ts';

/** Asks for `ADMIN_TOKEN`, over whatever the page shows; resolves when the server has taken it. */
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
            <label for="token">This installation asks for its <code>ADMIN_TOKEN</code>.</label>
            <input id="token" name="token" type="password" autocomplete="current-password" required />
            ${problem === null ? nothing : html`<p class="note" role="alert">${problem}</p>`}
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
    // Closed before it goes, it gives the focus back.
    root.querySelector('dialog')?.close();
    root.remove();
    resolve();
  }

  draw(null);
  root.querySelector('dialog')?.showModal();
  return promise;
}

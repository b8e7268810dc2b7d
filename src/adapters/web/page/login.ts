import { html, nothing, render } from 'lit/html.js';
import { post } from './api.ts';
import { botMark } from './icons.ts';

/** Asks for `ADMIN_TOKEN`; resolves when the server has taken it. */
export function logIn(): Promise<void> {
  return new Promise((resolve) => {
    let problem: string | null = null;

    function draw(): void {
      render(
        html`
          <main class="login">
            <form @submit=${submit}>
              <span class="avatar bot" aria-hidden="true">${botMark}</span>
              <h1>Parley playground</h1>
              <label for="token">This installation asks for its <code>ADMIN_TOKEN</code>.</label>
              <input id="token" name="token" type="password" autocomplete="current-password" required autofocus />
              ${problem === null ? nothing : html`<p class="note" role="alert">${problem}</p>`}
              <button type="submit" class="primary">Log in</button>
            </form>
          </main>
        `,
        document.body,
      );
    }

    async function submit(event: SubmitEvent): Promise<void> {
      event.preventDefault();
      if (!(event.target instanceof HTMLFormElement)) return;
      try {
        await post('login', { token: String(new FormData(event.target).get('token')) });
        render(nothing, document.body);
        resolve();
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
        draw();
      }
    }

    draw();
  });
}

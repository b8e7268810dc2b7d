import { html } from 'hono/html';

/** A piece of a page. `html` escapes its values, except pieces. */
export type Html = ReturnType<typeof html>;

/** A name that a person chose, isolated so that it cannot change the direction of the text around it. */
export function named(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}

/** The heading of a column of numbers, which are right-aligned. */
export function numeric(heading: string): Heading {
  return { heading, className: 'number' };
}

type Heading = string | { readonly heading: string; readonly className: string };

/** A table that scrolls by itself if it is wider than the screen. The first cell of a row is its heading. */
export function table(
  caption: string,
  headings: readonly Heading[],
  rows: readonly (readonly (Html | string | number)[])[],
  empty = 'Nothing yet.',
): Html {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  const columns = headings.map((each) =>
    typeof each === 'string' ? { heading: each, className: '' } : each,
  );
  const text = (cell: Html | string | number) =>
    typeof cell === 'number' ? cell.toLocaleString('en-US') : cell;
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption class="visually-hidden">${caption}</caption>
      <thead><tr>${columns.map(({ heading, className }) => html`<th scope="col" class="${className}">${heading}</th>`)}</tr></thead>
      <tbody>${rows.map(
        (row) =>
          html`<tr>${row.map((cell, index) =>
            index === 0
              ? html`<th scope="row">${text(cell)}</th>`
              : html`<td class="${columns[index]?.className ?? ''}">${text(cell)}</td>`,
          )}</tr>`,
      )}</tbody>
    </table>
  </div>`;
}

export type Tone = 'good' | 'warn' | 'bad' | 'soft';

/** A state in words, which the colour only repeats. */
export function pill(tone: Tone, text: string): Html {
  return html`<span class="pill ${tone}">${text}</span>`;
}

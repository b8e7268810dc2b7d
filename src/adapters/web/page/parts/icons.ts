import { html, svg, type TemplateResult } from 'lit-html';

/** Line icons on a grid of 20. They only repeat the text or label beside them. */
function icon(paths: TemplateResult): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">${paths}</svg>`;
}

const thumb = svg`<path d="M6.75 9 9.5 3.25a1.7 1.7 0 0 1 1.7 2L10.75 8h4.3a1.5 1.5 0 0 1 1.45 1.85l-1.25 5.25a1.5 1.5 0 0 1-1.45 1.15H6.75zM6.75 9H3.5v7.25h3.25" />`;

export const icons = {
  hash: icon(svg`<path d="M7.5 3 6 17M14 3l-1.5 14M3.5 7.25h13M3.5 12.75h13" />`),
  direct: icon(
    svg`<path d="M4.5 4h11A1.5 1.5 0 0 1 17 5.5v7a1.5 1.5 0 0 1-1.5 1.5H10l-4 3v-3H4.5A1.5 1.5 0 0 1 3 12.5v-7A1.5 1.5 0 0 1 4.5 4Z" />`,
  ),
  attach: icon(
    svg`<path d="m15.5 9.5-5.6 5.6a3.6 3.6 0 0 1-5-5l6-6a2.4 2.4 0 0 1 3.4 3.4l-5.9 5.9a1.2 1.2 0 0 1-1.7-1.7l5.2-5.2" />`,
  ),
  thread: icon(svg`<path d="M5 3v7a3 3 0 0 0 3 3h8M12.5 9.5 16 13l-3.5 3.5" />`),
  close: icon(svg`<path d="m5 5 10 10M15 5 5 15" />`),
  back: icon(svg`<path d="M12 4.5 6.5 10l5.5 5.5" />`),
  menu: icon(svg`<path d="M3 5.5h14M3 10h14M3 14.5h14" />`),
  send: icon(svg`<path d="M10 16V4.5M5 9l5-5 5 5" />`),
  stop: icon(svg`<rect x="5.5" y="5.5" width="9" height="9" rx="1.5" />`),
  retry: icon(svg`<path d="M4 10a6 6 0 1 1 1.8 4.3M4 15v-4h4" />`),
  copy: icon(
    svg`<rect x="7" y="7" width="9.5" height="9.5" rx="2" /><path d="M13 4.5A1.5 1.5 0 0 0 11.5 3H5a2 2 0 0 0-2 2v6.5A1.5 1.5 0 0 0 4.5 13" />`,
  ),
  trash: icon(svg`<path d="M4 5.5h12M8 5.5V4h4v1.5M5.5 5.5 6.25 16h7.5l.75-10.5" />`),
  lock: icon(svg`<rect x="4.5" y="9" width="11" height="8" rx="2" /><path d="M7 9V6.5a3 3 0 0 1 6 0V9" />`),
  down: icon(svg`<path d="M10 4v11.5M5 11l5 5 5-5" />`),
  save: icon(
    svg`<path d="M10 3v9M6 8.5l4 4 4-4M3.5 14.5v1A1.5 1.5 0 0 0 5 17h10a1.5 1.5 0 0 0 1.5-1.5v-1" />`,
  ),
  sun: icon(
    svg`<circle cx="10" cy="10" r="3.25" /><path d="M10 2.5v1.75M10 15.75v1.75M2.5 10h1.75M15.75 10h1.75M4.7 4.7l1.24 1.24M14.06 14.06l1.24 1.24M4.7 15.3l1.24-1.24M14.06 5.94l1.24-1.24" />`,
  ),
  moon: icon(svg`<path d="M16.5 11.8A6.8 6.8 0 0 1 8.2 3.5a6.8 6.8 0 1 0 8.3 8.3Z" />`),
  system: icon(svg`<rect x="3" y="4" width="14" height="9.5" rx="1.5" /><path d="M7.5 16.5h5M10 13.5v3" />`),
  eye: icon(
    svg`<path d="M2.5 10S5.3 5 10 5s7.5 5 7.5 5-2.8 5-7.5 5-7.5-5-7.5-5Z" /><circle cx="10" cy="10" r="2.25" />`,
  ),
  anew: icon(
    svg`<path d="M9.5 4H5.5A1.5 1.5 0 0 0 4 5.5v9A1.5 1.5 0 0 0 5.5 16h9a1.5 1.5 0 0 0 1.5-1.5v-4M15.5 3.5l1 1L10 11l-2 .9.9-2z" />`,
  ),
  pencil: icon(
    svg`<path d="m4 16 .8-3.2L13 4.6a1.4 1.4 0 0 1 2 0l.4.4a1.4 1.4 0 0 1 0 2L7.200 15.2 4 16Z" />`,
  ),
  good: icon(thumb),
  bad: icon(svg`<g transform="rotate(180 10 10)">${thumb}</g>`),
  spark: icon(
    svg`<path d="M10 3c.6 3.9 2.1 5.4 6 6-3.9.6-5.4 2.1-6 6-.6-3.9-2.1-5.4-6-6 3.9-.6 5.4-2.1 6-6Z" />`,
  ),
};

/** The bot's face. */
export const botMark = html`<svg viewBox="0 0 20 20" aria-hidden="true" focusable="false">
  <path fill="currentColor" d="M5.5 4h9A2.5 2.5 0 0 1 17 6.5v4.75a2.5 2.5 0 0 1-2.5 2.5h-3.9L7 16.75v-3H5.5a2.5 2.5 0 0 1-2.5-2.5V6.5A2.5 2.5 0 0 1 5.5 4Z" />
</svg>`;

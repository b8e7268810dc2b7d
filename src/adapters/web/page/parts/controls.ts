import { html, type TemplateResult } from 'lit-html';
import { icons } from './icons.ts';

interface ToolOptions {
  /** Default: the label. */
  readonly title?: string;
  readonly className?: string;
}

/** A button that shows only an icon. */
export function tool(
  label: string,
  icon: TemplateResult,
  act: () => void,
  { title = label, className = '' }: ToolOptions = {},
): TemplateResult {
  return html`<button type="button" class="tool ${className}" aria-label=${label} title=${title} @click=${act}>${icon}</button>`;
}

/** A button that copies a text, and tells whether that worked. `title` defaults to the label. */
export function copyTool(
  label: string,
  text: string,
  notify: (words: string) => void,
  title = label,
): TemplateResult {
  const copy = () =>
    void navigator.clipboard.writeText(text).then(
      () => notify('Copied.'),
      () => notify('The browser did not allow copying.'),
    );
  return tool(label, icons.copy, copy, { title });
}

/** Handles an event of a field by the field's value. */
export function withValue(act: (value: string) => void): (event: Event) => void {
  return ({ currentTarget }) => act((currentTarget as HTMLInputElement | HTMLSelectElement).value);
}

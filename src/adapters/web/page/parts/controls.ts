import { html, type TemplateResult } from 'lit-html';

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

/** Handles an event of a field by the field's value. */
export function withValue(act: (value: string) => void): (event: Event) => void {
  return ({ currentTarget }) => act((currentTarget as HTMLInputElement | HTMLSelectElement).value);
}

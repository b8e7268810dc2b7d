import { html, nothing, type TemplateResult } from 'lit-html';
import { positionalOf } from '../../../../core/kit/typed-options.ts';
import type { CommandInfo, OptionInfo } from '../../wire.ts';
import { icons } from '../parts/icons.ts';
import type { Menu } from './slash-menu.ts';

/** The menu over a composer. The focus stays in the text field, which refers to the active item by id. */
export function menuView(
  fieldId: string,
  { title, items, active }: Menu,
  onTake: (index: number) => void,
): TemplateResult {
  return html`
    <div class="menu">
      <p class="caption">${title}</p>
      <ul role="listbox" tabindex="0" id="${fieldId}-menu" aria-label=${title}>
        ${items.map(
          ({ label, detail, isLocked }, index) => html`<li
            role="option"
            id="${fieldId}-item-${index}"
            aria-selected=${index === active ? 'true' : 'false'}
            @mousedown=${(event: Event) => {
              event.preventDefault();
              onTake(index);
            }}
          >
            <b>${label}</b><span class="clip soft small">${detail}</span>${isLocked ? html`<em class="row">${icons.lock}not for you</em>` : nothing}
          </li>`,
        )}
      </ul>
      <p class="menu-keys"><kbd>↑</kbd><kbd>↓</kbd> move <kbd>Tab</kbd> take <kbd>Esc</kbd> close</p>
    </div>
  `;
}

/** The command being typed, its description, and its options: those given, and those that can be added. */
export function signature(
  command: CommandInfo,
  given: Readonly<Record<string, unknown>>,
  onAdd: (option: OptionInfo) => void,
): TemplateResult {
  const main = positionalOf(command.options);
  return html`
    <div class="signature row soft small">
      <b>/${command.name}</b><span>${command.description}</span>
      <span class="row">
        ${command.options.map((option) => {
          const label = option === main ? option.name : `--${option.name}`;
          const isGiven = given[option.name] !== undefined;
          return isGiven || option === main
            ? html`<span class="chip row soft small ${isGiven ? 'given' : ''}" title=${option.description}>${label}</span>`
            : html`<button type="button" class="chip row soft small" title=${option.description} @click=${() => onAdd(option)}>${label}</button>`;
        })}
      </span>
    </div>
  `;
}

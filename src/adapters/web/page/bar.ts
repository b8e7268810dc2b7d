import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import type { ModelInfo, Spot, Status } from '../wire.ts';
import type { Controller } from './model/controller.ts';
import { channelOf, isDm, type State } from './model/state.ts';
import { icons } from './parts/icons.ts';

/** The head of a channel: the place, the model that answers, its tier, and today's cost. */
export function bar(state: State, controller: Controller): TemplateResult {
  const channel = channelOf(state, state.spot.channel);
  return html`
    <header class="bar">
      <button type="button" class="tool open-sidebar" aria-label="Open the menu" @click=${() => controller.toggleSidebar(true)}>
        ${icons.menu}
      </button>
      <div class="here">
        <h1>${isDm(state, state.spot) ? icons.direct : icons.hash}${channel?.name}</h1>
        <p>${channel?.topic}</p>
      </div>
      ${isDm(state, state.spot) ? newButton(controller, state.spot) : nothing} ${demoMark(state)} ${facts(state, controller)}
    </header>
  `;
}

/** A button that starts a new conversation in a thread or in direct messages. */
export function newButton(controller: Controller, spot: Spot): TemplateResult {
  return html`<button
    type="button"
    class="tool"
    aria-label="New conversation"
    title="New conversation: the next answer ignores everything above"
    @click=${() => controller.beginAnew(spot)}
  >
    ${icons.anew}
  </button>`;
}

const DEMO = { name: 'Built-in demo', title: 'Scripted answers, not a language model' };

/** Marks the demo, where the full text does not fit. */
export function demoMark({ status }: State): TemplateResult | typeof nothing {
  return status?.demo ? html`<span class="badge demo" title=${DEMO.title}>${DEMO.name}</span>` : nothing;
}

/** Replaces the model's name: all models with prices, and the reasons why some are locked. */
function modelPicker({ model, models }: Status, controller: Controller, spot: Spot): TemplateResult {
  const [open, locked] = [true, false].map((isOpen) =>
    models.filter(({ lock }) => (lock === null) === isOpen),
  );
  const option = ({ id, name, price, lock }: ModelInfo) => html`<option
    value=${id}
    ?disabled=${lock !== null}
  >
${lock === null ? name : `🔒 ${name}`} · ${lock ?? price}
  </option>`;
  return html`
    <select
      id="model"
      title=${model?.id ?? 'No model is available here'}
      .value=${live(model?.id ?? '')}
      @change=${({ currentTarget }: Event) => {
        if (currentTarget instanceof HTMLSelectElement) controller.setModel(spot, currentTarget.value);
      }}
    >
      ${model === null ? html`<option value="">none available</option>` : nothing}
      ${open?.map(option)}
      ${locked?.length ? html`<optgroup label="Locked here">${locked.map(option)}</optgroup>` : nothing}
    </select>
  `;
}

/** Beside a model that can be asked to think more or less. */
function effortPicker({ efforts, effort }: Status, controller: Controller, spot: Spot): TemplateResult {
  const chosen = effort ?? 'default';
  const option = (value: string, label: string) =>
    html`<option value=${value} .selected=${value === chosen}>${label}</option>`;
  return html`
    <select
      id="effort"
      title="How much the model thinks before it answers: more costs more"
      @change=${({ currentTarget }: Event) => {
        if (currentTarget instanceof HTMLSelectElement) controller.setEffort(spot, currentTarget.value);
      }}
    >
      ${option('default', 'its own')} ${efforts.map((each) => option(each, each))}
    </select>
  `;
}

function facts(state: State, controller: Controller): TemplateResult | typeof nothing {
  const { status, info } = state;
  if (status === null) return nothing;
  return html`
    <dl class="facts">
      <div>
        <dt>Provider</dt>
        <dd title=${status.demo ? DEMO.title : nothing} class=${status.demo ? 'demo' : nothing}>
          ${status.demo ? DEMO.name : status.provider}
        </dd>
      </div>
      <div>
        <dt><label for="model">Model</label></dt>
        <dd>${modelPicker(status, controller, state.spot)}</dd>
      </div>
      ${
        status.efforts.length === 0
          ? nothing
          : html`<div>
              <dt><label for="effort">Effort</label></dt>
              <dd>${effortPicker(status, controller, state.spot)}</dd>
            </div>`
      }
      <div>
        <dt>
          <label for="tier">Tier <span class="demo-control" title="Try out the tiers here. On Discord and Slack the operator grants them">demo</span></label>
        </dt>
        <dd>
          <select
            id="tier"
            @change=${({ currentTarget }: Event) => {
              if (currentTarget instanceof HTMLSelectElement) controller.setTier(currentTarget.value);
            }}
          >
            ${info.tiers.map((tier) => html`<option value=${tier} .selected=${tier === status.tier}>${tier}</option>`)}
          </select>
        </dd>
      </div>
      <div>
        <dt>Spent today</dt>
        <dd class="spent">${status.spent}</dd>
      </div>
    </dl>
  `;
}

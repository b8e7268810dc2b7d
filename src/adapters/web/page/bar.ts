import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import type { ModelInfo, Status } from '../wire.ts';
import { choose, setTier, startOver } from './model/actions.ts';
import { toggleSidebar } from './model/navigation.ts';
import type { Page } from './model/page.ts';
import { channelOf, isDm, type State } from './model/state.ts';
import { tool, withValue } from './parts/controls.ts';
import { icons } from './parts/icons.ts';

/** The head of a channel: the place, the model that answers, its tier, and today's cost. */
export function bar(page: Page): TemplateResult {
  const { state } = page;
  const channel = channelOf(state, state.spot.channel);
  const isAlone = isDm(state, state.spot);
  return html`
    <header class="bar row">
      ${tool('Open the menu', icons.menu, () => toggleSidebar(page, true), { className: 'open-sidebar' })}
      <div class="here">
        <h1 class="row">${isAlone ? icons.direct : icons.hash}${channel?.name}</h1>
        <p class="clip small">${channel?.topic}</p>
      </div>
      ${isAlone ? newButton(page) : nothing} ${demoMark(state)} ${facts(page)}
    </header>
  `;
}

/** A button that starts a new conversation in the open thread or in direct messages. */
export function newButton(page: Page): TemplateResult {
  const title = 'New conversation: the next answer ignores everything above';
  return tool('New conversation', icons.anew, () => startOver(page, page.state.spot), { title });
}

const DEMO = { name: 'Built-in demo', title: 'Scripted answers, not a language model' };

/** Marks the demo, where the full text does not fit. */
export function demoMark({ status }: State): TemplateResult | typeof nothing {
  return status?.demo ? html`<span class="badge demo" title=${DEMO.title}>${DEMO.name}</span>` : nothing;
}

function facts(page: Page): TemplateResult | typeof nothing {
  const { status } = page.state;
  if (status === null) return nothing;
  const { demo, provider, efforts, spent } = status;
  return html`
    <dl class="facts">
      <div>
        <dt>Provider</dt>
        <dd title=${demo ? DEMO.title : nothing} class="clip small ${demo ? 'demo' : ''}">${demo ? DEMO.name : provider}</dd>
      </div>
      <div>
        <dt><label for="model">Model</label></dt>
        <dd class="clip small">${modelPicker(status, page)}</dd>
      </div>
      ${
        efforts.length === 0
          ? nothing
          : html`<div>
              <dt><label for="effort">Effort</label></dt>
              <dd class="clip small">${effortPicker(status, page)}</dd>
            </div>`
      }
      <div>
        <dt>
          <label for="tier">Tier <span class="demo-control" title="Try out the tiers here. On Discord and Slack the operator grants them">demo</span></label>
        </dt>
        <dd class="clip small">${tierPicker(status, page)}</dd>
      </div>
      <div>
        <dt>Spent today</dt>
        <dd class="spent clip small">${spent}</dd>
      </div>
    </dl>
  `;
}

/** Replaces the model's name: all models with prices, and the reasons why some are locked. */
function modelPicker({ model, models }: Status, page: Page): TemplateResult {
  const option = ({
    id,
    name,
    price,
    lock,
  }: ModelInfo) => html`<option value=${id} ?disabled=${lock !== null}>
${lock === null ? name : `🔒 ${name}`} · ${lock ?? price}
  </option>`;
  const locked = models.filter(({ lock }) => lock !== null);
  return html`
    <select
      id="model"
      title=${model?.id ?? 'No model is available here'}
      .value=${live(model?.id ?? '')}
      @change=${withValue((id) => choose(page, page.state.spot, 'model', id))}
    >
      ${model === null ? html`<option value="">none available</option>` : nothing}
      ${models.filter(({ lock }) => lock === null).map(option)}
      ${locked.length > 0 ? html`<optgroup label="Locked here">${locked.map(option)}</optgroup>` : nothing}
    </select>
  `;
}

/** Beside a model that can be asked to think more or less. */
function effortPicker({ efforts, effort }: Status, page: Page): TemplateResult {
  const chosen = effort ?? 'default';
  const option = (value: string, label: string) =>
    html`<option value=${value} .selected=${value === chosen}>${label}</option>`;
  return html`
    <select
      id="effort"
      title="How much the model thinks before it answers: more costs more"
      @change=${withValue((value) => choose(page, page.state.spot, 'effort', value))}
    >
      ${option('default', 'its own')} ${efforts.map((each) => option(each, each))}
    </select>
  `;
}

function tierPicker({ tier: chosen }: Status, page: Page): TemplateResult {
  return html`
    <select id="tier" @change=${withValue((tier) => setTier(page, tier))}>
      ${page.state.info.tiers.map((tier) => html`<option value=${tier} .selected=${tier === chosen}>${tier}</option>`)}
    </select>
  `;
}

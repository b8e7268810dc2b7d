import { asList, asString, isJson, type Json } from './json.ts';

export function buttonAction(button: {
  actionId: string;
  blockId: string;
  value: string;
  label: string;
}): Json {
  return {
    type: 'button',
    action_id: button.actionId,
    block_id: button.blockId,
    text: { type: 'plain_text', text: button.label },
    ...(button.value === '' ? {} : { value: button.value }),
  };
}

export function elementsOf(block: Json): Json[] {
  return [...asList(block['elements']), ...asList([block['accessory'], block['element']])];
}

export function optionsOf(element: Json): Json[] {
  return [
    ...asList(element['options']),
    ...asList(element['option_groups']).flatMap((group) => asList(group['options'])),
  ];
}

/** Slack's own limit for a file in a form. docs.slack.dev/reference/block-kit/block-elements/file-input-element */
const MAX_FORM_FILE_BYTES = 10_000_000;

/**
 * The state that Slack sends with a submission: each input's value, by block and action. `offered`: options that were searched for.
 * `files`: what was put into its input for files.
 */
export function formValues(
  view: Json,
  values: Readonly<Record<string, string>>,
  offered: readonly Json[],
  files: readonly Json[],
): Json {
  const state: Json = {};
  for (const block of asList(view['blocks'])) {
    for (const element of elementsOf(block)) {
      const actionId = asString(element['action_id']);
      const given = values[actionId];
      const options = element['type'] === 'external_select' ? offered : optionsOf(element);
      if (element['type'] === 'file_input') {
        if (files.length > Number(element['max_files'] ?? 10))
          throw new Error('too many files for this form');
        const tooLarge = files.find(({ size }) => Number(size) > MAX_FORM_FILE_BYTES);
        if (tooLarge !== undefined) throw new Error(`${asString(tooLarge['name'])} is too large for a form`);
        state[asString(block['block_id'])] = { [actionId]: { type: 'file_input', files } };
      } else if (element['type'] === 'checkboxes') {
        const chosen = options.filter((option) => option['value'] === given);
        state[asString(block['block_id'])] = { [actionId]: { type: 'checkboxes', selected_options: chosen } };
      } else if (options.length > 0 || element['type'] === 'external_select') {
        const initial = isJson(element['initial_option']) ? element['initial_option'] : null;
        const chosen = options.find(
          (option) =>
            option['value'] === given || (isJson(option['text']) && option['text']['text'] === given),
        );
        if (given !== undefined && chosen === undefined)
          throw new Error(`"${actionId}" has no option "${given}"`);
        state[asString(block['block_id'])] = {
          [actionId]: { type: element['type'], selected_option: chosen ?? initial },
        };
      } else if (element['type'] === 'plain_text_input') {
        const value = given ?? (asString(element['initial_value']) || null);
        state[asString(block['block_id'])] = { [actionId]: { type: element['type'], value } };
      }
    }
  }
  return state;
}

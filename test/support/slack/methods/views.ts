import { ApiError } from '../api-error.ts';
import { checkBlocks, isFileInput } from '../blocks.ts';
import { asString, isJson, type Json } from '../json.ts';
import type { MethodContext, Methods } from '../method.ts';

const MAX_TITLE = 24;
const MAX_METADATA = 3000;

/** Modals that stand open, per user, uppermost last. */
export type OpenModals = Map<string, Json[]>;

export function createViewMethods(modals: OpenModals): Methods {
  const stackOf = (user: string): Json[] => {
    const stack = modals.get(user) ?? [];
    modals.set(user, stack);
    return stack;
  };

  return {
    'views.open': {
      tier: 't4',
      scope: null,
      handle(args, context) {
        const user = context.useTrigger(asString(args['trigger_id']));
        const view = modalOf(args, context);
        modals.set(user, [view]);
        return { view };
      },
    },

    'views.push': {
      tier: 't4',
      scope: null,
      handle(args, context) {
        const user = context.useTrigger(asString(args['trigger_id']));
        const stack = stackOf(user);
        if (stack.length >= 3) throw new ApiError('push_limit_reached');
        const view = modalOf(args, context);
        stack.push(view);
        return { view };
      },
    },

    'views.update': {
      tier: 't4',
      scope: null,
      handle(args, context) {
        for (const stack of modals.values()) {
          const index = stack.findIndex(
            (view) =>
              view['id'] === args['view_id'] ||
              (args['external_id'] !== undefined && view['external_id'] === args['external_id']),
          );
          if (index < 0) continue;
          const view = { ...modalOf(args, context), id: stack[index]?.['id'] };
          stack[index] = view;
          return { view };
        }
        throw new ApiError('not_found');
      },
    },

    'views.publish': {
      tier: 't4',
      scope: null,
      handle(args, context) {
        const user = asString(args['user_id']);
        if (!context.workspace.users.has(user)) throw new ApiError('user_not_found');
        if (!context.app.features.homeTab) throw new ApiError('not_enabled');
        const view = args['view'];
        if (!isJson(view) || view['type'] !== 'home') throw new ApiError('invalid_arguments');
        checkBlocks(view['blocks'], 'home');
        checkMetadata(view);
        context.workspace.homes.set(user, view);
        return { view };
      },
    },
  };
}

function modalOf(args: Json, { workspace, app }: MethodContext): Json {
  const view = args['view'];
  if (!isJson(view) || view['type'] !== 'modal') throw new ApiError('invalid_arguments');
  for (const field of ['title', 'submit', 'close']) {
    const value = view[field];
    if (value === undefined && field !== 'title') continue;
    const text = isJson(value) && value['type'] === 'plain_text' ? asString(value['text']) : '';
    if (text === '' || Buffer.byteLength(text) > MAX_TITLE)
      throw new ApiError('invalid_arguments', { field });
  }
  const blocks = checkBlocks(view['blocks'], 'modal');
  // The page says that it needs the scope, and not how a view is refused that lacks it.
  if (blocks.some((block) => isFileInput(block['element'])) && !app.scopes.has('files:read'))
    throw new ApiError('missing_scope', { needed: 'files:read' });
  checkMetadata(view);
  return { ...view, id: workspace.nextId('V'), hash: '1', state: { values: {} } };
}

function checkMetadata(view: Json): void {
  if (Buffer.byteLength(asString(view['private_metadata'])) > MAX_METADATA)
    throw new ApiError('invalid_arguments');
}

import { randomBytes } from 'node:crypto';
import { apiError } from './errors.ts';
import type { ModalBody } from './limits.ts';
import type { Channel, Message, World } from './world.ts';

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-callback */
export const ACKNOWLEDGE_WITHIN_MS = 3000;
const TOKEN_LIFETIME_MS = 15 * 60_000;

export const INTERACTION = { command: 2, component: 3, autocomplete: 4, modalSubmit: 5 } as const;

export interface Interaction {
  readonly id: string;
  readonly token: string;
  readonly type: number;
  readonly userId: string;
  readonly channel: Channel;
  /** Its name for people: `/ask`, `button Stop`. */
  readonly label: string;
  readonly createdAtMs: number;
  /** Message whose component was used. */
  readonly source: Message | null;
  /** The person who alone brought the app here; null where the guild did, or nobody had to. */
  readonly installedBy: string | null;
  /** Whether replies may be seen by others; false where the app is installed by the user alone and may not speak. */
  readonly publicAllowed: boolean;
  acknowledgedAtMs: number | null;
  /** Deferred with a message, or answered with one. */
  original: Message | null;
  choices: readonly { readonly name: string; readonly value: string | number }[] | null;
  modal: ModalBody | null;
  followUps: number;
}

export interface Interactions {
  get(id: string): Interaction | undefined;
  create(
    draft: Pick<
      Interaction,
      'type' | 'userId' | 'channel' | 'label' | 'source' | 'installedBy' | 'publicAllowed'
    >,
  ): Interaction;
  /** The interaction that a callback names, still waiting for its first response. @throws ApiError 10062, 40060 */
  toAcknowledge(id: string, token: string): Interaction;
  /** The interaction whose webhook a request uses. @throws ApiError 10015, 50027 */
  byToken(applicationId: string, token: string): Interaction;
  /** Those that nobody acknowledged in time. */
  missed(): Interaction[];
  /** As if it had never been. */
  forget(id: string): void;
}

export function createInteractions(world: World, acknowledgeWithinMs: number): Interactions {
  const all = new Map<string, Interaction>();
  const byToken = new Map<string, Interaction>();
  const age = (interaction: Interaction) => world.clock.now() - interaction.createdAtMs;

  return {
    get: (id) => all.get(id),
    create(draft) {
      const interaction: Interaction = {
        ...draft,
        id: world.nextId(),
        token: `aW50ZXJhY3Rpb24${randomBytes(24).toString('base64url')}`,
        createdAtMs: world.clock.now(),
        acknowledgedAtMs: null,
        original: null,
        choices: null,
        modal: null,
        followUps: 0,
      };
      all.set(interaction.id, interaction);
      byToken.set(interaction.token, interaction);
      return interaction;
    },
    toAcknowledge(id, token) {
      const interaction = all.get(id);
      if (interaction?.token !== token) throw apiError('unknownInteraction');
      if (interaction.acknowledgedAtMs !== null) throw apiError('alreadyAcknowledged');
      if (age(interaction) > acknowledgeWithinMs) throw apiError('unknownInteraction');
      return interaction;
    },
    byToken(applicationId, token) {
      const interaction = byToken.get(token);
      if (applicationId !== world.application.id || !interaction) throw apiError('unknownWebhook');
      if (interaction.acknowledgedAtMs === null) throw apiError('unknownWebhook');
      if (age(interaction) > TOKEN_LIFETIME_MS) throw apiError('invalidWebhookToken');
      return interaction;
    },
    missed: () =>
      [...all.values()].filter(
        (each) => (each.acknowledgedAtMs ?? world.clock.now()) - each.createdAtMs > acknowledgeWithinMs,
      ),
    forget(id) {
      byToken.delete(all.get(id)?.token ?? '');
      all.delete(id);
    },
  };
}

import type { Clock } from '../kit/time/clock.ts';
import type { Store } from '../ports/store.ts';
import { createAnswerRecords } from './answer-records.ts';
import { createConversations } from './conversations.ts';
import { createListening } from './listening.ts';
import { createPersonas } from './personas.ts';
import { createSettings, type SettingsOptions } from './settings.ts';

export type ChatRecords = ReturnType<typeof createChatRecords>;

/**
 * Everything that is stored about chatting: what was said, and how people want to be answered.
 * @param habits `retentionMs`: how long a conversation or an answer is kept after its last change
 */
export function createChatRecords(
  store: Store,
  habits: Pick<SettingsOptions, 'instructions' | 'automatic'> & { readonly retentionMs: number },
  clock: Clock,
) {
  const { retentionMs, instructions, automatic } = habits;
  const conversations = createConversations(store, retentionMs);
  const personas = createPersonas(store);
  return {
    conversations,
    answers: createAnswerRecords(store, retentionMs),
    listening: createListening(store, conversations, { retentionMs, clock }),
    settings: createSettings({ store, clock, conversations, personas, instructions, automatic }),
    personas,
  };
}

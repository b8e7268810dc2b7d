import type { Clock } from '../kit/clock.ts';
import type { Store } from '../ports/store.ts';
import { type AnswerRecords, createAnswerRecords } from './answer-records.ts';
import { type Conversations, createConversations } from './conversations.ts';
import { createListening, type Listening } from './listening.ts';
import { createPersonas, type Personas } from './personas.ts';
import { createSettings, type Settings, type SettingsOptions } from './settings.ts';

/** Everything that is stored about chatting: what was said, and how people want to be answered. */
export interface ChatRecords {
  readonly conversations: Conversations;
  readonly answers: AnswerRecords;
  readonly listening: Listening;
  readonly settings: Settings;
  readonly personas: Personas;
}

/** @param habits `retentionMs`: how long a conversation or an answer is kept after its last change */
export function createChatRecords(
  store: Store,
  habits: Pick<SettingsOptions, 'instructions' | 'automatic'> & { readonly retentionMs: number },
  clock: Clock,
): ChatRecords {
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

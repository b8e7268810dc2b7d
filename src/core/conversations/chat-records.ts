import type { Locks } from '../coordination/locks.ts';
import type { Clock } from '../kit/clock.ts';
import type { Automatic } from '../ports/automatic.ts';
import type { Store } from '../ports/store.ts';
import { type AnswerRecords, createAnswerRecords } from './answer-records.ts';
import { type Conversations, createConversations } from './conversations.ts';
import { createListening, type Listening } from './listening.ts';
import { createPersonas, type Personas } from './personas.ts';
import { createSettings, type Settings } from './settings.ts';

/** Everything that is stored about chatting: what was said, and how people want to be answered. */
export interface ChatRecords {
  readonly conversations: Conversations;
  readonly answers: AnswerRecords;
  readonly listening: Listening;
  readonly settings: Settings;
  readonly personas: Personas;
}

export interface ChatRecordsOptions {
  readonly store: Store;
  readonly locks: Locks;
  /** How long a conversation is kept after its last change, and so its answers. */
  readonly retentionMs: number;
  /** As `SettingsOptions.instructions`. */
  readonly instructions: string | null;
  /** As `SettingsOptions.automatic`. */
  readonly automatic: ReadonlySet<Automatic>;
  readonly clock: Clock;
}

export function createChatRecords(options: ChatRecordsOptions): ChatRecords {
  const { store, locks, retentionMs, clock } = options;
  const conversations = createConversations(store, retentionMs);
  const personas = createPersonas(store, locks);
  return {
    conversations,
    answers: createAnswerRecords(store, retentionMs),
    listening: createListening(store, conversations, { retentionMs, clock }),
    settings: createSettings({ ...options, conversations, personas }),
    personas,
  };
}

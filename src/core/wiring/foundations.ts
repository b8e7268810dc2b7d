import type { Messenger } from '../chat/words/messenger.ts';
import type { ChatRecords } from '../conversations/chat-records.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { Access } from './access.ts';
import type { Logs } from './logs.ts';
import type { ModelChoice } from './model-choice.ts';
import type { Money } from './money.ts';

/** The parts of core that the chat stands on. */
export interface Foundations {
  readonly coordination: Coordination;
  readonly access: Access;
  readonly money: Money;
  readonly logs: Logs;
  readonly records: ChatRecords;
  readonly choice: ModelChoice;
  readonly messenger: Messenger;
}

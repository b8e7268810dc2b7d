import type { ChatRecords } from '../../conversations/chat-records.ts';
import type { Coordination } from '../../coordination/coordination.ts';
import type { FinderOf } from '../../ports/adapter.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { AskModel } from '../question/ask-model.ts';
import type { Obstacles } from '../question/obstacles.ts';
import type { CatchUp } from '../recovery/catch-up.ts';
import type { HeldAnswers } from '../recovery/held-answers.ts';
import type { Takeover } from '../recovery/takeover.ts';
import type { Messenger } from '../words/messenger.ts';
import type { Titles } from './titles.ts';

/** The parts of the chat that answers are made with. */
export interface AnswerParts {
  readonly records: ChatRecords;
  readonly coordination: Coordination;
  readonly messenger: Messenger;
  /** Continues missed questions, held answers, and answers of other processes. */
  readonly recovery: {
    readonly catchUp: CatchUp;
    readonly held: HeldAnswers;
    readonly takeover: Takeover;
  };
  readonly askModel: AskModel;
  readonly obstacles: Obstacles;
  readonly finderOf: FinderOf;
  readonly titles: Titles;
  readonly telemetry: Telemetry;
  /** Whether to log questions and answers. */
  readonly logContent: boolean;
}

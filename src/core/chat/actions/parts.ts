import type { ChatRecords } from '../../conversations/chat-records.ts';
import type { Coordination } from '../../coordination/coordination.ts';
import type { Roles } from '../../ports/actor.ts';
import type { RunJob } from '../question/job.ts';
import type { PauseCheck } from '../question/pause.ts';
import type { Messenger } from '../words/messenger.ts';
import type { Pressed } from './pressed.ts';

/** The parts of the chat that actions are made from. */
export interface ActionParts {
  readonly records: ChatRecords;
  readonly coordination: Coordination;
  readonly messenger: Messenger;
  readonly roles: Roles;
  /** The answers behind buttons. */
  readonly pressed: Pressed;
  readonly run: RunJob;
  readonly isPaused: PauseCheck;
}

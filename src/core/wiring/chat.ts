import { createAgain } from '../chat/actions/again.ts';
import { createDeletion } from '../chat/actions/deletion.ts';
import { createEdits } from '../chat/actions/edits.ts';
import { createPressed } from '../chat/actions/pressed.ts';
import { createRatings } from '../chat/actions/ratings.ts';
import { createStopping } from '../chat/actions/stopping.ts';
import { createThinking } from '../chat/actions/thinking.ts';
import { createThreads } from '../chat/actions/threads.ts';
import type { AnswerParts } from '../chat/answer/parts.ts';
import { type Chat, createAsking } from '../chat/chat.ts';
import { drain } from '../chat/drain.ts';
import { createPauseCheck, createPauses } from '../chat/question/pause.ts';
import { createJobRunner } from '../chat/run-job.ts';
import { createSecretCheck } from '../prompt/secrets.ts';
import type { Foundations } from './answers.ts';
import type { CoreOptions } from './options.ts';

/** The chat, and the pause that it respects. */
export function wireChat(
  { commands, store, models, platforms: { finderOf }, clock }: CoreOptions,
  { coordination, access: { audit, roles }, logs: { feedback }, records, messenger }: Foundations,
  answering: AnswerParts,
) {
  const pauses = createPauses(store, audit, clock);
  const isPaused = createPauseCheck(pauses, messenger.tell);
  const secretIn = createSecretCheck(commands);
  const run = createJobRunner(answering, models.slots);
  const pressed = createPressed(records, roles, messenger.tell);
  const parts = { records, coordination, messenger, roles, pressed, run, isPaused };
  const chat: Chat = {
    ...createAsking(parts, secretIn),
    ...createAgain(parts),
    ...createEdits(parts, secretIn, finderOf),
    ...createStopping(parts),
    ...createRatings(parts, feedback),
    ...createThreads(parts, answering.titles),
    ...createThinking(parts),
    ...createDeletion(parts),
    drain: (graceMs) => drain(coordination.live, messenger, graceMs),
  };
  return { chat, pauses };
}

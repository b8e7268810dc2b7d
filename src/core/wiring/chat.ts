import { createPressed } from '../chat/actions/pressed.ts';
import type { AnswerParts } from '../chat/answer/parts.ts';
import { createChat } from '../chat/chat.ts';
import { createPauseCheck, createPauses } from '../chat/question/pause.ts';
import { createJobRunner } from '../chat/run-job.ts';
import { createSecretCheck } from '../prompt/secrets.ts';
import type { Foundations } from './answers.ts';
import type { CoreOptions } from './options.ts';

/** The chat, and the pause that it respects. */
export function wireChat(
  { commands, store, models, clock }: CoreOptions,
  { coordination, access: { roles }, logs: { feedback }, records, messenger }: Foundations,
  answering: AnswerParts,
) {
  const pauses = createPauses(store, clock);
  const isPaused = createPauseCheck(pauses, messenger.tell);
  const secretIn = createSecretCheck(commands);
  const run = createJobRunner(answering, models.slots);
  const pressed = createPressed(records, roles, messenger.tell);
  const parts = { records, coordination, messenger, roles, pressed, run, isPaused };
  return { chat: createChat(parts, answering, secretIn, feedback), pauses };
}

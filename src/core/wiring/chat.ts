import { createAgain } from '../chat/actions/again.ts';
import { createDeletion } from '../chat/actions/deletion.ts';
import { createEdits } from '../chat/actions/edits.ts';
import { createPressed } from '../chat/actions/pressed.ts';
import { createRatings } from '../chat/actions/ratings.ts';
import { createStopping } from '../chat/actions/stopping.ts';
import { createThinking } from '../chat/actions/thinking.ts';
import { createThreads } from '../chat/actions/threads.ts';
import { type Chat, createAsking } from '../chat/chat.ts';
import { createDrain } from '../chat/drain.ts';
import { createMissedOffer } from '../chat/question/offer-missed.ts';
import { createPauseCheck, createPauses, type Pauses } from '../chat/question/pause.ts';
import { createSecretCheck } from '../prompt/secrets.ts';
import type { Answers } from './answers.ts';
import type { Foundations } from './foundations.ts';
import type { CoreOptions } from './options.ts';

/** The chat, and the pause that it respects. */
export function wireChat(
  { commands, store, platforms: { finderOf }, clock, log }: CoreOptions,
  { coordination, access: { audit, roles }, logs: { feedback }, records, messenger }: Foundations,
  { run, titles }: Answers,
): { readonly chat: Chat; readonly pauses: Pauses } {
  const { live, stops } = coordination;
  const { tell } = messenger;
  const pauses = createPauses(store, audit, clock);
  const isPaused = createPauseCheck(pauses, tell);
  const secretIn = createSecretCheck(commands);
  const pressed = createPressed(records, roles, tell);
  const offerMissed = createMissedOffer(records, messenger);
  const { conversations } = records;
  const chat: Chat = {
    ...createAsking({ conversations, secretIn, isPaused, offerMissed, run, tell, clock }),
    ...createAgain({ records, live, pressed, messenger, run, isPaused }),
    ...createEdits({ records, stops, finderOf, secretIn, messenger, run, isPaused }),
    ...createStopping({ records, coordination, roles, pressed, tell }),
    ...createRatings({ feedback, clock }, pressed, tell),
    ...createThreads({ records, titles, pressed, messenger }),
    ...createThinking(pressed, tell),
    ...createDeletion({ records, live, roles, tell, log }),
    drain: createDrain(live, clock, messenger.abandon),
  };
  return { chat, pauses };
}

import type { Activity } from '../../../core/ports/surface.ts';
import type { Root } from '../posting/answer-anchor.ts';
import type { PrivateTeller } from '../posting/tell-privately.ts';
import type { AnswerPlace } from './answer-place.ts';
import { createIndicator } from './indicator.ts';
import { createQueueWords } from './queue-words.ts';
import type { SurfaceParts } from './surface-parts.ts';
import { createThinkingStatus } from './thinking-status.ts';

/**
 * Everything that shows on a question before its answer: that it was seen, its place in the queue, that the model thinks. None of
 * these throws.
 */
export function createSigns(
  parts: SurfaceParts,
  place: AnswerPlace,
  root: Root,
  tellPrivately: PrivateTeller,
) {
  const { channel } = place;
  const indicator = createIndicator(parts, channel, root);
  const queueWords = createQueueWords(parts, place, root, tellPrivately);
  const thinking = createThinkingStatus(parts, channel, root);
  return {
    indicate(activity: Activity) {
      if (activity !== 'queued') queueWords(null);
      // The question is posted once it is admitted; before that there is nothing to put a sign on.
      if (activity === 'queued' && !root.isReady) return;
      indicator.show(activity);
      if (activity === 'idle') thinking.end(false);
    },
    waits: queueWords,
    think: thinking.showThinking,
    /** Call when the answer's first message is shown. */
    opened() {
      indicator.opened();
      thinking.end(true);
    },
  };
}

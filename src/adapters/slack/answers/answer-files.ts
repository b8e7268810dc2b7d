import type { Logger } from 'pino';
import type { Clock } from '../../../core/kit/clock.ts';
import { type MessageView, withoutFiles } from '../../../core/ports/surface.ts';
import type { Spot } from '../api/pages.ts';
import { SlackRefusal } from '../api/web-api.ts';
import type { Workspace } from '../api/workspace.ts';
import { createUpload } from '../posting/upload-files.ts';

/** Posts an answer's files below it, once. Resolves to the view to show then: without the files if that failed. */
type AnswerFiles = (view: MessageView, spot: Spot, signal: AbortSignal) => Promise<MessageView>;

const MAX_TRIES = 3;
/** Doubles with each retry. */
const FIRST_RETRY_MS = 500;

/** Slack accepts no files with an update, so they are a message of their own after the newest text. */
export function createAnswerFiles(workspace: Workspace, clock: Clock, log: Logger): AnswerFiles {
  let outcome: 'posted' | 'failed' | null = null;

  async function post(upload: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await upload(signal);
      } catch (error) {
        signal.throwIfAborted();
        if (tries === MAX_TRIES || error instanceof SlackRefusal) throw error;
        await clock.sleep(FIRST_RETRY_MS * 2 ** (tries - 1), signal);
      }
    }
  }

  return async (view, spot, signal) => {
    if (view.files === undefined) return view;
    if (outcome === null) {
      try {
        await post(createUpload(workspace, spot, view.files), signal);
        outcome = 'posted';
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ err: error }, 'could not post the files of an answer');
        outcome = 'failed';
      }
    }
    return outcome === 'posted' ? view : withoutFiles(view);
  };
}

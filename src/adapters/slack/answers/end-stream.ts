import { ignoring } from '../../../core/kit/or-log.ts';
import { isRefusal } from '../api/errors.ts';
import type { Workspace } from '../api/workspace.ts';

/** Whether Slack refused because the stream has ended already. */
export function isStreamOver(error: unknown): boolean {
  return isRefusal(error, 'message_not_in_streaming_state', 'stopped_by_user');
}

/** Ends a stream of another process, which would otherwise stay open for its readers until Slack ends it. */
export async function endStream(
  workspace: Workspace,
  channel: string,
  ts: string,
  signal: AbortSignal,
): Promise<void> {
  await workspace.call('chat.stopStream', { channel, ts }, signal).catch(ignoring(isStreamOver));
}

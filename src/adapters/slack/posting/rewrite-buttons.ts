import type { Button } from '../../../core/ports/buttons.ts';
import type { Json } from '../api/web-api.ts';
import type { Workspace } from '../api/workspace.ts';
import { asTyped } from '../text/inbound-text.ts';
import { shortText, withButtons } from '../text/message-content.ts';

/** A message in Slack's form. */
export interface StandingMessage {
  readonly channel: string;
  readonly ts: string;
  readonly text: string;
  readonly blocks: readonly Json[];
}

/** Replaces a message's buttons and keeps the rest. Rejects as the API client does. */
export async function rewriteButtons(
  workspace: Workspace,
  { channel, ts, text, blocks }: StandingMessage,
  buttons: readonly Button[],
  signal: AbortSignal,
): Promise<void> {
  const content = { text: shortText(asTyped(text)), blocks: withButtons(blocks, buttons, workspace.quirks) };
  await workspace.call('chat.update', { channel, ts, ...content, parse: 'none' }, signal);
}

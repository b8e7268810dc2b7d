import type { CommandDeclaration } from '../../core/ports/command.ts';
import type { Dispatch } from '../../core/ports/events.ts';
import type { SurfaceParts } from './answers/surface-parts.ts';
import type { MessageEvent } from './payloads/payloads.ts';
import type { Channels } from './people/channels.ts';
import type { Directory } from './people/directory.ts';
import type { ResponseUrl } from './posting/response-url.ts';
import type { InOrder } from './transport/in-order.ts';

/** Everything that the handlers of people's actions need, for one workspace. */
export interface SlackContext extends SurfaceParts {
  readonly dispatch: Dispatch;
  readonly commands: readonly CommandDeclaration[];
  readonly channels: Channels;
  readonly directory: Directory;
  /** `message` events by question, whose `app_mention` may be handled already, because that does not list attachments. */
  readonly twins: Map<string, MessageEvent>;
  /** Keeps the order of messages in one place although their lookups take different times. */
  readonly inOrder: InOrder;
  /** Null for addresses that are not Slack's. */
  responseUrl(url: string | null): ResponseUrl | null;
}

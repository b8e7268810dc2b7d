/** Refusals of the API: the status, and Discord's own body. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: number;
  readonly body: object;

  constructor(status: number, code: number, message: string, errors?: object) {
    super(message);
    this.status = status;
    this.code = code;
    this.body = { message, code, ...(errors ? { errors } : {}) };
  }
}

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
const TABLE = {
  unauthorized: [401, 0, '401: Unauthorized'],
  notFound: [404, 0, '404: Not Found'],
  unknownApplication: [404, 10002, 'Unknown Application'],
  unknownChannel: [404, 10003, 'Unknown Channel'],
  unknownGuild: [404, 10004, 'Unknown Guild'],
  unknownMember: [404, 10007, 'Unknown Member'],
  unknownMessage: [404, 10008, 'Unknown Message'],
  unknownUser: [404, 10013, 'Unknown User'],
  unknownWebhook: [404, 10015, 'Unknown Webhook'],
  unknownInteraction: [404, 10062, 'Unknown interaction'],
  tooManyOldEdits: [
    429,
    30046,
    'Maximum number of edits to messages older than 1 hour reached. Try again later',
  ],
  requestTooLarge: [413, 40005, 'Request entity too large'],
  alreadyAcknowledged: [400, 40060, 'Interaction has already been acknowledged.'],
  tooManyFollowUps: [400, 40094, 'This interaction has hit the maximum number of follow up messages'],
  missingAccess: [403, 50001, 'Missing Access'],
  cannotEditOthersMessage: [403, 50005, 'Cannot edit a message authored by another user'],
  emptyMessage: [400, 50006, 'Cannot send an empty message'],
  cannotMessageUser: [403, 50007, 'Cannot send messages to this user'],
  missingPermissions: [403, 50013, 'Missing Permissions'],
  noMutualGuilds: [403, 50278, 'Cannot send messages to this user due to having no mutual guilds'],
  wrongChannelType: [400, 50024, 'Cannot execute action on this channel type'],
  invalidWebhookToken: [401, 50027, 'Invalid Webhook Token'],
  archivedThread: [
    400,
    50083,
    'Tried to perform an operation on an archived thread, such as editing a message or adding a user to the thread',
  ],
  cannotReplyWithoutHistory: [400, 160002, 'Cannot reply without permission to read message history'],
  threadExists: [400, 160004, 'A thread has already been created for this message'],
  threadLocked: [400, 160005, 'Thread is locked'],
  tooManyThreads: [400, 160006, 'Maximum number of active threads reached'],
  blockedTitle: [400, 200001, 'Title was blocked by automatic moderation'],
} as const satisfies Record<string, readonly [status: number, code: number, message: string]>;

export type ApiErrorName = keyof typeof TABLE;

export function apiError(name: ApiErrorName): ApiError {
  const [status, code, message] = TABLE[name];
  return new ApiError(status, code, message);
}

export interface FormIssue {
  readonly path: readonly (string | number)[];
  readonly code: string;
  readonly message: string;
}

/** 50035, its faults nested under the path of each field as Discord nests them. */
export function invalidFormBody(issues: readonly FormIssue[]): ApiError {
  const root: ErrorNode = {};
  for (const { path, code, message } of issues) {
    let node = root;
    for (const key of path) node = childOf(node, String(key));
    node._errors = [...(node._errors ?? []), { code, message }];
  }
  return new ApiError(400, 50035, 'Invalid Form Body', root);
}

interface ErrorNode {
  _errors?: { code: string; message: string }[];
  [key: string]: unknown;
}

function childOf(node: ErrorNode, key: string): ErrorNode {
  const child = (node[key] as ErrorNode | undefined) ?? {};
  node[key] = child;
  return child;
}

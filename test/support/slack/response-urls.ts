import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../src/core/kit/time/clock.ts';
import { ApiError } from './api-error.ts';
import { contentOf } from './content.ts';
import { asString, isJson, isWellFormed, type Json } from './json.ts';
import { hideInNewThread, type MethodContext, notePings } from './method.ts';
import { readBody, sendJson } from './web-api.ts';
import type { SlackMessage } from './workspace.ts';

const MAX_USES = 5;
const LIFETIME_MS = 30 * 60_000;

/** The place that a response URL leads to. */
interface Target {
  readonly channel: string;
  readonly user: string;
  /** The message that an interaction came from, if any. */
  readonly message: SlackMessage | null;
}

interface ResponseUrl extends Target {
  readonly madeAtMs: number;
  uses: number;
}

export interface ResponseUrls {
  create(target: Target): string;
  handle(path: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** The messages that were sent to response URLs, oldest first. */
  readonly posts: readonly Json[];
  /** From now on Markdown blocks are answered with 500, as incoming webhooks do (slack-github-action#440). */
  refuseMarkdown(): void;
}

export const RESPONSE_PATH = '/commands/';

/** Response URLs: five uses in thirty minutes, no token, and no need for the bot to be in the channel. */
export function createResponseUrls(context: MethodContext, clock: Clock): ResponseUrls {
  const urls = new Map<string, ResponseUrl>();
  const posts: Json[] = [];
  let takesMarkdown = true;

  function apply(target: Target, body: Json): void {
    const { workspace, app } = context;
    if (body['delete_original'] === true) {
      if (target.message !== null) target.message.deleted = true;
      return;
    }
    const content = contentOf(body, 'post', context.report);
    if (body['replace_original'] === true && target.message !== null) {
      workspace.replace(target.message, content);
      notePings(target.message, body, context);
      return;
    }
    const message = workspace.add({
      channel: target.channel,
      threadTs: asString(body['thread_ts']) || null,
      user: app.botUserId,
      botId: app.botId,
      ephemeralTo: body['response_type'] === 'in_channel' ? null : target.user,
      content,
      metadata: undefined,
      files: [],
      stream: null,
    });
    notePings(message, body, context);
    hideInNewThread(message, context);
  }

  return {
    posts,
    refuseMarkdown() {
      takesMarkdown = false;
    },
    create(target) {
      const path = `${RESPONSE_PATH}${context.workspace.teamId}/${context.workspace.nextId('R')}`;
      urls.set(path, { ...target, madeAtMs: clock.now(), uses: 0 });
      return `${context.origin}${path}`;
    },
    async handle(path, request, response) {
      const parsed: unknown = JSON.parse((await readBody(request)).toString('utf8'));
      const body = isJson(parsed) && isWellFormed(parsed) ? parsed : {};
      const url = urls.get(path);
      if (url === undefined || clock.now() - url.madeAtMs > LIFETIME_MS) {
        return sendJson(response, 404, { ok: false, error: 'expired_url' });
      }
      if (url.uses >= MAX_USES) return sendJson(response, 404, { ok: false, error: 'used_url' });
      url.uses += 1;
      posts.push(body);
      if (!takesMarkdown && JSON.stringify(body['blocks']).includes('"markdown"')) {
        return void response.writeHead(500).end();
      }
      try {
        apply(url, body);
        response.writeHead(200).end('ok');
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        context.report({ kind: 'limit-broken', detail: `response_url: ${error.code}` });
        sendJson(response, 400, { ok: false, error: error.code });
      }
    },
  };
}

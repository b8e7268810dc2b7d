import type { Json } from './json.ts';

/** A refusal in Slack's manner: HTTP 200 with `ok: false`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly extra: Json;

  constructor(code: string, extra: Json = {}) {
    super(code);
    this.code = code;
    this.extra = extra;
  }
}

import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import { addressOf } from '../http/addresses.ts';

export interface AdminEnv {
  readonly Bindings: HttpBindings;
}

export type App = Hono<AdminEnv, Record<never, never>, '/admin'>;
export type Request = Context<AdminEnv>;

/** The fields of a form, trimmed, without empty ones. */
export async function fieldsOf(context: Request): Promise<Readonly<Record<string, string>>> {
  const body = await context.req.parseBody();
  return Object.fromEntries(
    Object.entries(body).flatMap(([name, value]) => {
      const text = typeof value === 'string' ? value.trim() : '';
      return text === '' ? [] : [[name, text] as const];
    }),
  );
}

/** The author of an action, for the audit log. */
export function actorOf({ env }: Request): string {
  return `dashboard (${addressOf(env.incoming)})`;
}

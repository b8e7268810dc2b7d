import { listNamed, MAX_LISTED, readListed } from '../core/access/lists.ts';
import { parseUntil } from '../core/access/until.ts';
import { MAX_PAUSE_CHARS } from '../core/chat/question/pause.ts';
import { changeAccess } from '../core/conversations/access-changes.ts';
import { readRule, tooManyRules } from '../core/ledger/rule-words.ts';
import { type GuildId, parseGuildId } from '../core/ports/actor.ts';
import { isTier } from '../core/ports/tiers.ts';
import { Refused } from '../http/requests.ts';
import type { AdminHost } from './host.ts';
import { type App, actorOf, fieldsOf, type Request } from './request.ts';

/** Confirmations by the code in the next page's address. */
export const DONE: Readonly<Record<string, string>> = {
  granted: 'The tier is granted. It applies from the next request on.',
  revoked: 'The grant is revoked. This applies from the next request on.',
  'nothing-to-revoke': 'There was no grant to revoke.',
  listed: 'Saved. It counts from the next message on.',
  limited: 'The limit is set. It applies from the next request on.',
  paused: 'Paused. Within two seconds all processes stop taking new questions; answers in progress continue.',
  stopped: 'The answer stops within a second. The part that has arrived stays, with a note.',
  'not-under-way': 'That answer has already ended.',
  resumed: 'The bot takes questions again.',
};

/** Stops answers, in whichever process writes them. */
export function answerActions(app: App, { services: { underWay } }: AdminHost): void {
  app.post('/answers/stop', async (context) => {
    const { id = '' } = await fieldsOf(context);
    const isThere = await underWay.stop(id, actorOf(context));
    return context.redirect(`/admin/answers?done=${isThere ? 'stopped' : 'not-under-way'}`, 303);
  });
}

/** Pauses and resumes the bot. */
export function pauseActions(app: App, { services: { pauses } }: AdminHost): void {
  app.post('/pause', async (context) => {
    const { text = '' } = await fieldsOf(context);
    if (text.length > MAX_PAUSE_CHARS) {
      throw new Refused(400, `The text may have at most ${MAX_PAUSE_CHARS} characters.`);
    }
    await pauses.pause(text, actorOf(context));
    return context.redirect('/admin?done=paused', 303);
  });
  app.post('/resume', async (context) => {
    await pauses.resume(actorOf(context));
    return context.redirect('/admin?done=resumed', 303);
  });
}

/** Grants, revocations and limits, as with `parley tier` and `parley limits`. */
export function guildActions(app: App, { services }: AdminHost): void {
  const { guilds, limits, clock } = services;

  app.post('/guilds/:id/grant', async (context) => {
    const guild = guildOf(context);
    const { tier = '', until, reason = '' } = await fieldsOf(context);
    if (!isTier(tier)) throw new Refused(400, `There is no tier ${JSON.stringify(tier)}.`);
    const end = parseUntil(until, clock.now());
    if (!end.ok) throw new Refused(400, end.problem);
    await guilds.grant(guild, {
      tier,
      expiresAtMs: end.atMs,
      reason,
      by: actorOf(context),
      replacesDefault: false,
    });
    return backTo(context, guild, 'granted');
  });

  app.post('/guilds/:id/revoke', async (context) => {
    const guild = guildOf(context);
    const { reason = '' } = await fieldsOf(context);
    const revoked = await guilds.revoke(guild, { by: actorOf(context), reason });
    return backTo(context, guild, revoked ? 'revoked' : 'nothing-to-revoke');
  });

  app.post('/guilds/:id/limits', async (context) => {
    const guild = guildOf(context);
    if (!limits.isOn) throw new Refused(400, 'LIMITS=off turns all limits off. Remove it to set limits.');
    const { limit, amount, user, role } = await fieldsOf(context);
    const rule = readRule(guild, { limit, amount, user, role });
    if (!rule.ok) throw new Refused(400, rule.problem);
    const { ok: _, ...change } = rule;
    if (!(await limits.change({ guild, ...change, by: actorOf(context) }))) {
      throw new Refused(400, tooManyRules(guild));
    }
    return backTo(context, guild, 'limited');
  });

  app.post('/guilds/:id/access', async (context) => {
    const guild = guildOf(context);
    const { list = '', kind = '', who } = await fieldsOf(context);
    const to = listNamed(list);
    if (to === undefined) throw new Refused(400, `There is no list ${JSON.stringify(list)}.`);
    const listed = readListed(guild, { [kind]: who }, null);
    if (typeof listed === 'string') throw new Refused(400, listed.replaceAll('`', ''));
    if (!(await changeAccess(services, { guild, ...listed, to, by: actorOf(context) }))) {
      throw new Refused(400, `The list is full: it takes ${MAX_LISTED} of a kind. Take something off first.`);
    }
    return backTo(context, guild, 'listed');
  });
}

export const NO_GUILD = 'That is not the id of a guild. Examples are discord:1234 and slack:T0123.';

/** @throws Refused if the address has no valid guild id */
export function guildOf(context: Request): GuildId {
  const id = parseGuildId(context.req.param('id') ?? '');
  if (id === null) throw new Refused(400, NO_GUILD);
  return id;
}

function backTo(context: Request, guild: GuildId, done: string): Response {
  return context.redirect(`/admin/guilds/${encodeURIComponent(guild)}?done=${done}`, 303);
}

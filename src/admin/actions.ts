import { listNamed, MAX_LISTED, readListed } from '../core/access/lists.ts';
import { parseUntil } from '../core/access/until.ts';
import { MAX_PAUSE_CHARS } from '../core/chat/question/pause.ts';
import { readRule, tooManyRules } from '../core/ledger/rule-words.ts';
import { type GuildId, parseGuildId } from '../core/ports/actor.ts';
import { isTier } from '../core/ports/tiers.ts';
import type { Services } from '../core/services.ts';
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

interface GuildForm {
  readonly guild: GuildId;
  readonly fields: Readonly<Record<string, string>>;
  /** The author, for the audit log. */
  readonly by: string;
}

/** By the end of the form's address. Each resolves to the code of its confirmation. */
const GUILD_FORMS: Readonly<Record<string, (services: Services, form: GuildForm) => Promise<string>>> = {
  async grant({ guilds, clock }, { guild, fields, by }) {
    const { tier = '', until, reason = '' } = fields;
    if (!isTier(tier)) throw new Refused(400, `There is no tier ${JSON.stringify(tier)}.`);
    const end = parseUntil(until, clock.now());
    if (!end.ok) throw new Refused(400, end.problem);
    await guilds.grant(guild, { tier, expiresAtMs: end.atMs, reason, by, replacesDefault: false });
    return 'granted';
  },
  async revoke({ guilds }, { guild, fields: { reason = '' }, by }) {
    return (await guilds.revoke(guild, { by, reason })) ? 'revoked' : 'nothing-to-revoke';
  },
  async limits({ limits }, { guild, fields, by }) {
    if (!limits.isOn) throw new Refused(400, 'LIMITS=off turns all limits off. Remove it to set limits.');
    const { limit, amount, user, role } = fields;
    const rule = readRule(guild, { limit, amount, user, role });
    if (!rule.ok) throw new Refused(400, rule.problem);
    const { ok: _, ...change } = rule;
    if (!(await limits.change({ guild, ...change, by }))) throw new Refused(400, tooManyRules(guild));
    return 'limited';
  },
  async access(services, { guild, fields, by }) {
    const { list = '', kind = '', who } = fields;
    const to = listNamed(list);
    if (to === undefined) throw new Refused(400, `There is no list ${JSON.stringify(list)}.`);
    const listed = readListed(guild, { [kind]: who }, null);
    if (typeof listed === 'string') throw new Refused(400, listed.replaceAll('`', ''));
    if (!(await services.settings.changeAccess({ guild, ...listed, to, by }))) {
      throw new Refused(400, `The list is full: it takes ${MAX_LISTED} of a kind. Take something off first.`);
    }
    return 'listed';
  },
};

/** Grants, revocations, limits and access, as with `parley tier`, `parley limits` and `/access`. */
export function guildActions(app: App, { services }: AdminHost): void {
  for (const [name, change] of Object.entries(GUILD_FORMS)) {
    app.post(`/guilds/:id/${name}`, async (context) => {
      const guild = guildOf(context);
      const fields = await fieldsOf(context);
      const done = await change(services, { guild, fields, by: actorOf(context) });
      return context.redirect(`/admin/guilds/${encodeURIComponent(guild)}?done=${done}`, 303);
    });
  }
}

export const NO_GUILD = 'That is not the id of a guild. Examples are discord:1234 and slack:T0123.';

/** @throws Refused if the address has no valid guild id */
export function guildOf(context: Request): GuildId {
  const id = parseGuildId(context.req.param('id') ?? '');
  if (id === null) throw new Refused(400, NO_GUILD);
  return id;
}

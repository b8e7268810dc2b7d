import { explain, inOneLine } from '../../../core/chat/words/explain.ts';
import { placeAt } from '../api/places.ts';
import { surfaceFor } from '../commands/run-command.ts';
import type { SlackContext } from '../context.ts';
import type { Deed } from '../payloads/payloads.ts';

/** The workspace that an event was sent for, and how to answer whoever is behind it; Slack may name neither. */
type Source = Pick<Deed, 'team'> & { readonly responseUrl?: string };

const NO_TEAM =
  'Slack does not say which workspace this belongs to, so I did nothing. That happens if the app is installed for a whole organisation. Please ask me in a channel or in a direct message.';

/** Handles what people do in one workspace, each event once. Tells the person about each fault, if possible. */
export type Deeds = ReturnType<typeof createDeeds>;

/** Deeds of another workspace, or of none, are acknowledged and ignored. `what` is for the log. */
export function createDeeds(slack: SlackContext) {
  const { workspace, dispatch, log, signal } = slack;

  const inWords = (error: unknown) => dispatch.nameOperator(inOneLine(explain(error)));

  /** Tells the person behind an action something, if Slack allows it. */
  async function tell(responseUrl: string | undefined, text: string): Promise<void> {
    await slack.responseUrl(responseUrl ?? null)?.tellPrivately(text, null, signal);
  }

  /** Whether an event was sent for this workspace. Others are ignored; if Slack names no workspace, the person is told. */
  async function isOurs(what: string, { team, responseUrl }: Source): Promise<boolean> {
    if (team === workspace.team) return true;
    const owner = team === null ? 'no workspace' : 'another workspace';
    log.warn({ team }, `${what} was sent for ${owner}; ignored it`);
    if (team === null) await tell(responseUrl, NO_TEAM);
    return false;
  }

  /** Handles an event of this workspace; tells the person about a fault if possible. */
  async function handle(what: string, from: Source, work: () => Promise<void>): Promise<void> {
    if (!(await isOurs(what, from))) return;
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      log.error({ err: error }, `could not handle ${what}`);
      await tell(from.responseUrl, inWords(error));
    }
  }

  return {
    isOurs,
    handle,
    /**
     * Claims a person's deed, acknowledges it, and handles it. Slack does not send deeds again: if the store does not accept it,
     * `refuse` acknowledges it and tells the person.
     *
     * @param refuse acknowledges and tells through the response URL by default
     */
    async handleOnce(
      what: string,
      deed: Omit<Deed, 'triggerId'> & { readonly id: string },
      ack: () => Promise<void>,
      work: () => Promise<void>,
      refuse?: (text: string) => Promise<void>,
    ): Promise<void> {
      const { id, team, channel, responseUrl } = deed;
      if (team !== workspace.team) {
        await ack();
        return await handle(what, deed, work);
      }
      const place = placeAt(team, channel, null);
      const surface = surfaceFor(slack, { ...deed, responseUrl: null });
      try {
        if (!(await dispatch.claim({ id, place, surface, addressed: true }))) return await ack();
      } catch (error) {
        log.error({ err: error }, `could not store ${what}`);
        if (refuse !== undefined) return await refuse(inWords(error));
        await ack();
        return await tell(responseUrl, inWords(error));
      }
      try {
        await ack();
        await handle(what, deed, work);
      } finally {
        await dispatch.dropClaim(id);
      }
    },
  };
}

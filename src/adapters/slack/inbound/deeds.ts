import { explain, inOneLine } from '../../../core/chat/words/explain.ts';
import { placeUnder } from '../answers/answer-place.ts';
import { createSurfaceFor } from '../answers/surfaces.ts';
import { placeAt } from '../api/places.ts';
import type { SlackContext } from '../context.ts';

/** Something that a person did, as Slack reports it. */
export interface Deed {
  /** For the log. */
  readonly what: string;
  readonly id: string;
  /** The workspace that it was sent for; null if Slack names none. */
  readonly team: string | null;
  readonly channel: string;
  readonly user: string;
  readonly threadTs: string | null;
  readonly responseUrl: string;
}

/** Handles what people do in one workspace, each event once. Tells the person about each fault, if possible. */
export interface Deeds {
  /** Whether an event was sent for this workspace. If Slack names none, it is ignored and the person is told. */
  isOurs(what: string, team: string | null, responseUrl: string | null): Promise<boolean>;
  /** Handles an event of this workspace; tells the person about a fault if possible. */
  handle(what: string, responseUrl: string | null, work: () => Promise<void>): Promise<void>;
  /**
   * Claims a person's deed, acknowledges it, and handles it. Slack does not send deeds again: if the store does not accept it, `refuse`
   * acknowledges it and tells the person.
   *
   * @param refuse acknowledges and tells through the response URL by default
   */
  handleOnce(
    deed: Deed,
    ack: () => Promise<void>,
    work: () => Promise<void>,
    refuse?: (text: string) => Promise<void>,
  ): Promise<void>;
}

const NO_TEAM =
  'Slack does not say which workspace this belongs to, so I did nothing. That happens if the app is installed for a whole organisation. Please ask me in a channel or in a direct message.';

/** Deeds of another workspace, or of none, are acknowledged and ignored. */
export function createDeeds(slack: SlackContext): Deeds {
  const { workspace, dispatch, log, signal } = slack;

  const inWords = (error: unknown) => dispatch.nameOperator(inOneLine(explain(error)));

  /** Tells the person behind an action something, if Slack allows it. */
  async function tell(responseUrl: string, text: string): Promise<void> {
    const said = slack.responseUrl(responseUrl)?.tellPrivately(text, null, signal);
    await said?.catch(() => false);
  }

  const handle: Deeds['handle'] = async (what, responseUrl, work) => {
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      log.error({ err: error }, `could not handle ${what}`);
      if (responseUrl !== null) await tell(responseUrl, inWords(error));
    }
  };

  const isOurs: Deeds['isOurs'] = async (what, team, responseUrl) => {
    if (team === workspace.team) return true;
    log.warn(
      { team },
      `${what} was sent for ${team === null ? 'no workspace' : 'another workspace'}; ignored it`,
    );
    if (team === null && responseUrl !== null) await tell(responseUrl, NO_TEAM);
    return false;
  };

  function arrivalOf({ id, channel, user, threadTs }: Deed) {
    const isDirect = channel.startsWith('D');
    return {
      id,
      place: placeAt(workspace.team, channel, null),
      surface: createSurfaceFor(slack, placeUnder({ channel, user, isDirect }, null, threadTs)),
      addressed: true,
    };
  }

  return {
    isOurs,
    handle,
    async handleOnce(deed, ack, work, refuse) {
      const { what, id, team, responseUrl } = deed;
      if (team !== workspace.team) {
        await ack();
        await isOurs(what, team, responseUrl);
        return;
      }
      try {
        const isNew = await dispatch.claim(arrivalOf(deed));
        if (!isNew) return await ack();
      } catch (error) {
        log.error({ err: error }, `could not store ${what}`);
        if (refuse !== undefined) return await refuse(inWords(error));
        await ack();
        return await tell(responseUrl, inWords(error));
      }
      try {
        await ack();
        await handle(what, responseUrl, work);
      } finally {
        await dispatch.dropClaim(id);
      }
    },
  };
}

import type { PostCommand, PostMessage } from '../../wire.ts';
import { isPassing } from './api.ts';
import type { Outgoing, Store } from './state.ts';

/** Messages on their way to the server. Each is posted until the server accepts or refuses it, however long it is unreachable. */
export function createOutbox({ state, change }: Store, post: (path: string, body: object) => Promise<void>) {
  let leaving: Promise<void> = Promise.resolve();

  function show(sent: Outgoing): void {
    state.outgoing.set(sent.id, sent);
    change();
  }

  function drop(id: string): void {
    state.outgoing.delete(id);
    change();
  }

  async function leave(path: string, body: object, sent: Outgoing): Promise<void> {
    for (;;) {
      try {
        await post(path, body);
        if (state.connection === 'open') drop(sent.id);
        else show({ ...sent, phase: 'taken' });
        return;
      } catch (error) {
        if (!isPassing(error)) {
          const problem = error instanceof Error ? error.message : String(error);
          return show({ ...sent, phase: 'refused', problem });
        }
        show({ ...sent, phase: 'waiting' });
      }
    }
  }

  /** Shows a message at once, and posts it after all earlier ones, so that they arrive in order. */
  function send(path: 'message' | 'command', body: PostMessage | PostCommand): void {
    const { id, as, channel, thread, text } = body;
    const again = () => send(path, body);
    const sent: Outgoing = { id, as, channel, thread, text, phase: 'leaving', problem: null, again };
    show(sent);
    leaving = leaving.then(() => leave(path, body, sent));
  }

  window.addEventListener('beforeunload', (event) => {
    const isUnsent = ({ phase }: Outgoing) => phase === 'waiting' || phase === 'refused';
    if ([...state.outgoing.values()].some(isUnsent)) event.preventDefault();
  });

  return {
    send,
    /** Call when the page is connected again: from then on the server shows what it accepted meanwhile. */
    onConnected(): void {
      for (const { id, phase } of state.outgoing.values()) if (phase === 'taken') drop(id);
    },
  };
}

import type { IncomingMessage } from 'node:http';
import type { Adapter, Route } from '../../core/ports/adapter.ts';
import type { Store } from '../../core/ports/store.ts';
import { sendText } from '../../http/requests.ts';

/**
 * `/healthz`: the process is alive. `/readyz`: every platform is connected, and the store answers.
 *
 * @param mayKnow whether a request gets details of `/readyz`; default: all do
 */
export function healthRoutes(
  adapters: readonly Adapter[],
  store: Pick<Store, 'ping'>,
  mayKnow: (request: IncomingMessage) => boolean = () => true,
): readonly Route[] {
  return [
    {
      path: '/healthz',
      handle: (_request, response) => sendText(response, 200, 'ok\n'),
    },
    {
      path: '/readyz',
      async handle(request, response) {
        const states = adapters.map((adapter) => [adapter.platform, adapter.ready()] as const);
        const storeAnswers = await store.ping().then(
          () => true,
          () => false,
        );
        const lines = [...states, ['store', storeAnswers] as const];
        const isReady = lines.every(([, ready]) => ready);
        const words = (ready: boolean) => (ready ? 'ready' : 'not ready');
        const details = lines.map(([name, ready]) => `${name}: ${words(ready)}\n`).join('');
        sendText(response, isReady ? 200 : 503, mayKnow(request) ? details : `${words(isReady)}\n`);
      },
    },
  ];
}

import type { Adapter, Route } from '../core/ports/adapter.ts';
import type { Store } from '../core/ports/store.ts';

/** `/healthz`: the process lives. `/readyz`: every adapter that is on is connected, and the store answers. */
export function healthRoutes(adapters: readonly Adapter[], store: Pick<Store, 'ping'>): readonly Route[] {
  return [
    {
      path: '/healthz',
      handle(_request, response) {
        response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('ok\n');
      },
    },
    {
      path: '/readyz',
      async handle(_request, response) {
        const states = adapters.map((adapter) => [adapter.platform, adapter.ready()] as const);
        const storeAnswers = await store.ping().then(
          () => true,
          () => false,
        );
        const lines = [...states, ['store', storeAnswers] as const];
        response
          .writeHead(lines.every(([, ready]) => ready) ? 200 : 503, {
            'content-type': 'text/plain; charset=utf-8',
          })
          .end(lines.map(([name, ready]) => `${name}: ${ready ? 'ready' : 'not ready'}\n`).join(''));
      },
    },
  ];
}

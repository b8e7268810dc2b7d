import { expect, it, onTestFinished } from 'vitest';
import { createRouteRest } from '../../../src/core/model-choice/route-rest.ts';
import { ProviderError, type ProviderErrorCode } from '../../../src/core/ports/provider-errors.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';

const route = { provider: 'openrouter', wireModel: 'maker/model' };
const another = { provider: 'openrouter', wireModel: 'maker/another' };

it.each<[string, ProviderErrorCode, boolean, { readonly route: boolean; readonly another: boolean }]>([
  ['of a route rests the route', 'rate_limited', false, { route: true, another: false }],
  ['of a guild’s own key rests nothing', 'rate_limited', true, { route: false, another: false }],
  ['of a server rests the route, whoever pays', 'provider_down', true, { route: true, another: false }],
  ['of a connection rests all of the provider', 'unreachable', false, { route: true, another: true }],
  ['of a question rests nothing', 'moderated', false, { route: false, another: false }],
])('a failure that comes three times in a minute and is %s', async (_, code, ownKey, rests) => {
  const clock = createFakeClock();
  const { log } = createLogRecorder();
  const store = await openStore('memory:', { clock, log });
  onTestFinished(() => store.close());
  const rest = createRouteRest(store, clock, log);
  const error = new ProviderError({ code, provider: 'OpenRouter', ownKey });
  for (let failure = 0; failure < 3; failure++) await rest.failed(route, error);
  expect({ route: await rest.isResting(route), another: await rest.isResting(another) }).toEqual(rests);
});

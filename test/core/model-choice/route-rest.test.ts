import { expect, it, onTestFinished } from 'vitest';
import { createRouteRest, type RouteRest } from '../../../src/core/model-choice/route-rest.ts';
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

/** Seconds: when it failed, and when a question asks whether it rests. */
it.each<{ failures: number[]; resting: number[]; awake: number[] }>([
  { failures: [0, 1], resting: [], awake: [1, 2, 59] },
  { failures: [0, 1, 2], resting: [2, 3, 61], awake: [62, 63] },
  { failures: [0, 30, 60], resting: [60, 119], awake: [120, 121] },
  { failures: [0, 30, 61], resting: [], awake: [61, 62] },
  { failures: [0, 40, 80, 90], resting: [90, 149], awake: [150] },
])(
  'rests for a minute after the third failure in a minute: $failures',
  async ({ failures, resting, awake }) => {
    for (const second of [...resting, ...awake]) {
      const clock = createFakeClock();
      const { log } = createLogRecorder();
      const store = await openStore('memory:', { clock, log });
      onTestFinished(() => store.close());
      const rest = createRouteRest(store, clock, log);
      const startMs = clock.now();
      const until = (s: number) => clock.advance(startMs + s * 1_000 - clock.now());
      for (const failure of failures) {
        await until(failure);
        await rest.failed(route, new ProviderError({ code: 'provider_down', provider: 'OpenRouter' }));
      }
      await until(second);
      expect({ second, rests: await rest.isResting(route) }).toEqual({
        second,
        rests: resting.includes(second),
      });
    }
  },
);

it('rests nowhere while the store does not answer, and the log says so', async () => {
  const { log, lines } = createLogRecorder();
  const clock = createFakeClock();
  const store = await openStore('memory:', { clock, log });
  await store.close();
  const rest = createRouteRest(store, clock, log);
  await rest.failed(route, new ProviderError({ code: 'provider_down', provider: 'OpenRouter' }));
  expect(await rest.isResting(route)).toBe(false);
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
    "could not count a provider's failure",
    'could not read whether a provider is paused',
  ]);
});

it('is read from the store once a second, and counts a failure here at once', async () => {
  const clock = createFakeClock();
  const { log } = createLogRecorder();
  const store = await openStore('memory:', { clock, log });
  onTestFinished(() => store.close());
  const [here, elsewhere] = [createRouteRest(store, clock, log), createRouteRest(store, clock, log)];
  const error = new ProviderError({ code: 'provider_down', provider: 'OpenRouter' });
  const fail = async (by: RouteRest, at: typeof route) => {
    for (let failure = 0; failure < 3; failure++) await by.failed(at, error);
  };
  expect(await here.isResting(route)).toBe(false);
  await fail(elsewhere, route);
  await clock.advance(999);
  expect(await here.isResting(route)).toBe(false);
  await clock.advance(1);
  expect(await here.isResting(route)).toBe(true);
  expect(await here.isResting(another)).toBe(false);
  await fail(here, another);
  expect(await here.isResting(another)).toBe(true);
});

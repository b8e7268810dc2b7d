import { Agent } from 'node:https';
import { createRequire } from 'node:module';
import type { Dispatcher, EnvHttpProxyAgent } from 'undici';

/** Addresses of proxies by the usual variables; `NO_PROXY` lists hosts without a proxy, separated by commas. */
export interface Proxies {
  readonly HTTP_PROXY?: string | undefined;
  readonly HTTPS_PROXY?: string | undefined;
  readonly NO_PROXY?: string | undefined;
}

/** Model servers on this machine are always reached directly. */
const THIS_MACHINE = ['localhost', '127.0.0.1', '::1'];

/** The proxy per protocol; null if there is none. Encrypted requests use the plain proxy if there is no other. */
export function readProxies({ HTTP_PROXY = '', HTTPS_PROXY = '', NO_PROXY = '' }: Proxies) {
  if (HTTP_PROXY === '' && HTTPS_PROXY === '') return null;
  return {
    httpProxy: HTTP_PROXY,
    httpsProxy: HTTPS_PROXY || HTTP_PROXY,
    noProxy: [NO_PROXY, ...THIS_MACHINE].filter((host) => host !== '').join(','),
  };
}

/** Loads all of undici, without which its tunnels lack `connect`. Few need a proxy. */
export function createProxyDispatcher(options: EnvHttpProxyAgent.Options): Dispatcher {
  const undici: typeof import('undici') = createRequire(import.meta.url)('undici');
  return new undici.EnvHttpProxyAgent(options);
}

/** Web sockets through the proxy, in the forms that different libraries take; null if there is no proxy. */
export function createSocketProxy(proxies: Proxies) {
  const led = readProxies(proxies);
  if (led === null) return null;
  const { httpsProxy, noProxy } = led;
  return {
    agent: new Agent({ proxyEnv: { HTTPS_PROXY: httpsProxy, NO_PROXY: noProxy } }),
    // Proxies forward requests but not sockets, which therefore use a tunnel.
    dispatcher: createProxyDispatcher({ ...led, proxyTunnel: true }),
  };
}

import { Agent } from 'node:https';
import { type Dispatcher, EnvHttpProxyAgent } from 'undici';

/** Addresses of proxies by the variables that programs agree on; hosts that are reached without one, separated by commas. */
export interface Proxies {
  readonly HTTP_PROXY?: string | undefined;
  readonly HTTPS_PROXY?: string | undefined;
  readonly NO_PROXY?: string | undefined;
}

/** No proxy leads back here: model servers of this machine are asked directly. */
const THIS_MACHINE = ['localhost', '127.0.0.1', '::1'];

/** Which proxy leads where; null if there is none. What is encrypted goes through the plain one if there is no other. */
export function readProxies({ HTTP_PROXY = '', HTTPS_PROXY = '', NO_PROXY = '' }: Proxies) {
  if (HTTP_PROXY === '' && HTTPS_PROXY === '') return null;
  return {
    httpProxy: HTTP_PROXY,
    httpsProxy: HTTPS_PROXY || HTTP_PROXY,
    noProxy: [NO_PROXY, ...THIS_MACHINE].filter((host) => host !== '').join(','),
  };
}

/** The way of web sockets through the proxy: each library takes one of the two. */
export interface SocketProxy {
  readonly agent: Agent;
  readonly dispatcher: Dispatcher;
}

/** Null if there is no proxy. */
export function createSocketProxy(proxies: Proxies): SocketProxy | null {
  const led = readProxies(proxies);
  if (led === null) return null;
  const { httpsProxy, noProxy } = led;
  return {
    agent: new Agent({ proxyEnv: { HTTPS_PROXY: httpsProxy, NO_PROXY: noProxy } }),
    // Proxies pass requests on, but no sockets: those are led through as if they were encrypted.
    dispatcher: new EnvHttpProxyAgent({ ...led, proxyTunnel: true }),
  };
}

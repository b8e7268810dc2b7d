import type { Agent } from 'node:https';
import { createRequire } from 'node:module';

/** The class of web sockets of `ws`, as far as discord.js uses it. */
type Sockets = new (address: string, protocols: string[], options: object) => object;

/**
 * discord.js opens its gateway connections with `ws`, and lets nobody say through which agent. It takes the class from the
 * package once, as it is loaded: this module has to be loaded before.
 */
const discord = createRequire(createRequire(import.meta.url).resolve('discord.js'));
const gateway = createRequire(discord.resolve('@discordjs/ws'));
const isTooLate = gateway.cache[discord.resolve('@discordjs/ws')] !== undefined;
const ws = gateway('ws') as { WebSocket: Sockets };

let leading: Agent | null = null;

ws.WebSocket = class extends ws.WebSocket {
  constructor(address: string, protocols: string[], options: object) {
    const isLed = leading !== null && address.startsWith('wss:');
    super(address, protocols, isLed ? { ...options, agent: leading } : options);
  }
};

/** From now on the gateway's connections go through this agent. @throws if discord.js was loaded before this module */
export function leadGateway(agent: Agent): void {
  if (isTooLate) throw new Error('discord.js was loaded before lead-gateway.ts, and would go past the proxy');
  leading = agent;
}

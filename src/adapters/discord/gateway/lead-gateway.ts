import type { Agent } from 'node:https';
import { createRequire } from 'node:module';

/** The web socket class of `ws`, as far as discord.js uses it. */
type Sockets = new (address: string, protocols: string[], options: object) => object;

/**
 * discord.js opens gateway connections with `ws` and offers no option for an agent. It reads the class from the package once,
 * when it is loaded, so this module must be loaded first.
 */
const discord = createRequire(createRequire(import.meta.url).resolve('discord.js'));
const gateway = createRequire(discord.resolve('@discordjs/ws'));
// Node has an entry, not loaded yet, for what the importing module imports after this one.
const isTooLate = gateway.cache[discord.resolve('@discordjs/ws')]?.loaded === true;
const ws = gateway('ws') as { WebSocket: Sockets };

let leading: Agent | null = null;

ws.WebSocket = class extends ws.WebSocket {
  constructor(address: string, protocols: string[], options: object) {
    const isLed = leading !== null && address.startsWith('wss:');
    super(address, protocols, isLed ? { ...options, agent: leading } : options);
  }
};

/**
 * Routes all later gateway connections through this agent.
 * @throws Error if discord.js was loaded before this module
 */
export function leadGateway(agent: Agent): void {
  if (isTooLate) throw new Error('discord.js was loaded before lead-gateway.ts, and would bypass the proxy');
  leading = agent;
}

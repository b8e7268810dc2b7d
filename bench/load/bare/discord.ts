import { Client, Events, GatewayIntentBits, type Message } from 'discord.js';
import { answer } from './answer.ts';

/** A bot on discord.js that answers mentions in threads: `node bench/load/bare/discord.ts`, for comparison. */

const { DISCORD_TOKEN: token = '', DISCORD_API_URL: api = '' } = process.env;

const client = new Client({
  intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.MessageContent],
  rest: { api },
});

async function respond(message: Message): Promise<void> {
  if (client.user === null || message.author.bot || !message.mentions.has(client.user)) return;
  const thread = await message.startThread({ name: message.content.slice(0, 100) });
  await answer(message.content, 2_000, async (text) => {
    const sent = await thread.send(text);
    return (newer) => sent.edit(newer);
  });
}

client.on(Events.MessageCreate, (message) => void respond(message));

client.once(Events.ClientReady, () => console.log('ready'));
await client.login(token);

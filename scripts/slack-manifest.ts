import { parseArgs } from 'node:util';
import { createManifest } from '../src/adapters/slack/manifest.ts';
import { commands } from '../src/commands/index.ts';

/** Prints the Slack app's manifest, for https://api.slack.com/apps → Create New App → From a manifest. */
const USAGE = `Prints the manifest of the Slack app.

  npm run --silent slack:manifest                                  for Socket Mode
  npm run --silent slack:manifest -- --url https://bot.example.com for signed HTTP: where Slack reaches the bot
  npm run --silent slack:manifest -- --plain                       without Slack's agent view
`;

function main(): number {
  const { values } = parseArgs({
    options: { url: { type: 'string' }, plain: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (values.url !== undefined && URL.parse(values.url)?.protocol !== 'https:') {
    process.stderr.write(`--url must be an https address such as https://bot.example.com\n\n${USAGE}`);
    return 1;
  }
  const manifest = createManifest({ commands, url: values.url ?? null, agentView: values.plain !== true });
  process.stdout.write(`${JSON.stringify(manifest, null, 2)}\n`);
  return 0;
}

try {
  process.exitCode = main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 1;
}

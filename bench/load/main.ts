import { load } from './load.ts';
import { HELP, type LoadOptions, readOptions, UsageError } from './options.ts';
import { openScene } from './scene.ts';
import { soak } from './soak.ts';
import { runTable } from './table.ts';

/** `npm run load`: the whole bot under load. `options.ts` says how it is used. */
async function run(options: LoadOptions): Promise<boolean> {
  const scene = await openScene(options);
  try {
    return await (options.soak === null ? load(scene, options) : soak(scene, options, options.soak));
  } finally {
    const errors = scene.bots.map((bot) => bot.errors()).join('');
    await scene.close();
    if (errors !== '') console.log(`the bot's log:\n${errors.slice(0, 2_000)}`);
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') console.log(HELP);
  else if (!(await (options === 'table' ? runTable() : run(options)))) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\nnpm run load -- --help lists what there is.\n`);
  process.exitCode = 2;
}
process.exit();

import { readEnvironment } from './app/config/environment.ts';
import { runCli } from './cli/run.ts';

/** Pauses, as before another try, do not hold the process open: without this it would end in one of them, and say nothing. */
const running = setInterval(() => {}, 60_000);
const { code, output, errors } = await runCli(process.argv.slice(2), readEnvironment);
clearInterval(running);
process.stdout.write(output);
process.stderr.write(errors);
process.exitCode = code;

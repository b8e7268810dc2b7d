import { readEnvironment } from './app/config/environment.ts';
import { runCli } from './cli/run.ts';

/** Waits such as those between retries do not keep the process alive; without this it would end silently in one of them. */
const running = setInterval(() => {}, 60_000);
const { code, output, errors } = await runCli(process.argv.slice(2), readEnvironment);
clearInterval(running);
process.stdout.write(output);
process.stderr.write(errors);
process.exitCode = code;

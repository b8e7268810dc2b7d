import { readEnvironment } from './app/environment.ts';
import { runCli } from './cli/run.ts';

const { code, output, errors } = await runCli(process.argv.slice(2), readEnvironment);
process.stdout.write(output);
process.stderr.write(errors);
process.exitCode = code;

// Starts Parley as `npm start` does: looks at Node's version first, then runs src/main.ts with little memory.
'use strict';

var prepared = require('./prepare-node.cjs');
var path = require('node:path');

var root = path.join(__dirname, '..');
var env = Object.assign(
  // One arena for all threads (glibc): what a thousand streams leave behind is not scattered.
  { MALLOC_ARENA_MAX: '1', NODE_COMPILE_CACHE: prepared.compileCache },
  process.env,
);
// docs/decisions/006-memory-flags.md
var args = [
  '--max-semi-space-size=8',
  '--heap-growing-percent=30',
  '--no-separate-gc-phases',
  '--expose-gc',
].concat(process.execArgv, path.join(root, 'src', 'main.ts'), process.argv.slice(2));

if (process.platform !== 'win32') {
  // npm hands SIGTERM to its shell alone, which ends without a word to its child.
  if (process.env.npm_lifecycle_event) args.push(`--stop-with-parent=${process.ppid}`);
  // In place of this process: signals reach Parley itself.
  process.execve(process.execPath, [process.execPath].concat(args), env);
}

// Windows has no such call. Ctrl-C reaches both there; this process waits for the other one.
process.on('SIGINT', () => {});
require('node:child_process')
  .spawn(process.execPath, args, { env: env, stdio: 'inherit' })
  .on('exit', (code) => {
    process.exitCode = code === null ? 1 : code;
  });

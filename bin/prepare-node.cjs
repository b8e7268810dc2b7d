// Plain JavaScript of 2009, so that any Node can read it: says which one is needed, if another would show a stack trace.
'use strict';

var version = process.versions.node.split('.').map(Number);
var major = version[0];
var minor = version[1];

if (!((major === 24 && minor >= 15) || major >= 26)) {
  process.stderr.write(
    'Parley needs Node 24.15 or newer (24 or 26), and this is ' +
      process.versions.node +
      '. `npm ci` brings one for most systems; where it does not, as on Alpine, install Node 24: https://nodejs.org/en/download\n',
  );
  process.exit(1);
}

var path = require('node:path');

// The next start of the same command takes two thirds of the time.
exports.compileCache = path.join(__dirname, '..', 'node_modules', '.cache', 'node');
require('node:module').enableCompileCache(exports.compileCache);

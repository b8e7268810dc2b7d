// The container's start: puts models.json where the operator can change it, then starts as `npm start` does.
'use strict';

require('./prepare-node.cjs');
var fs = require('node:fs');
var path = require('node:path');

var models = process.env.MODELS_FILE;
if (models && !fs.existsSync(models)) {
  fs.copyFileSync(path.join(__dirname, '..', 'models.json'), models, fs.constants.COPYFILE_EXCL);
}
require('./start.cjs');

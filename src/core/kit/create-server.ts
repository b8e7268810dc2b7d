/** From `node:http`. An import of that module would load Node's own copy of undici too, which takes 40 ms of a start. */
export const { createServer } = process.getBuiltinModule('node:http');

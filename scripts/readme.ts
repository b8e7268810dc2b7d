import { readFileSync, writeFileSync } from 'node:fs';
import { commands } from '../src/commands/index.ts';
import { withCommandTable } from './command-table.ts';

const readme = readFileSync('README.md', 'utf8');
writeFileSync('README.md', withCommandTable(readme, commands));

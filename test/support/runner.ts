import { pathToFileURL } from 'node:url';
import { TestRunner } from 'vitest';

/** Imports a test file by its plain address: vitest adds the time, so that each run would leave new entries in the compile cache. */
export default class Runner extends TestRunner {
  override importFile(path: string): Promise<unknown> {
    return import(pathToFileURL(path).href);
  }
}

import { randomUUID } from 'node:crypto';
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';

/** The text of `.env` with these variables set. All other lines, comments included, stay as they are. */
function withVariables(text: string, values: Readonly<Record<string, string>>): string {
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
  for (const [name, value] of Object.entries(values)) {
    const line = `${name}=${quoted(value)}`;
    // If a variable is set several times, the last one counts.
    const set = lines.findLastIndex((each) => new RegExp(`^\\s*(export\\s+)?${name}\\s*=`).test(each));
    const example = lines.findLastIndex((each) => new RegExp(`^#\\s*${name}=`).test(each));
    if (set >= 0) lines[set] = line;
    else if (example >= 0) lines.splice(example + 1, 0, line);
    else lines.push(line);
  }
  return `${lines.join(end)}${end}`;
}

/** Quoted so that `parseEnv` reads it back. */
function quoted(value: string): string {
  if (/^[^\s#'"`\\]*$/.test(value)) return value;
  const quote = ["'", '"', '`'].find((each) => !value.includes(each));
  if (quote === undefined || /[\r\n]/.test(value)) throw new TypeError('.env cannot contain this value');
  return `${quote}${value}${quote}`;
}

/**
 * Sets variables in the file, readable by its owner only; starts from `example` if the file does not exist. Sets all or none.
 */
export async function writeVariables(
  path: string,
  example: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const before = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return example;
    throw error;
  });
  const after = withVariables(before, values);
  const read = parseEnv(after);
  for (const [name, value] of Object.entries(values)) {
    if (read[name] !== value) throw new Error(`${path} has a line that keeps ${name} from being set`);
  }
  const unfinished = `${path}.${randomUUID().slice(0, 8)}.part`;
  try {
    await writeFile(unfinished, after, { mode: 0o600 });
    await chmod(unfinished, 0o600);
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
}

import { stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createServer } from '../../core/kit/create-server.ts';
import type { Fetch } from '../../core/ports/fetch.ts';
import type { Config } from '../config/variables.ts';
import { type Check, createFindings, type Findings } from './check.ts';

/** A store and its copies need some room; with less the disk is practically full. */
const LITTLE_DISK_BYTES = 500 * 1024 * 1024;
const NO_DISK_BYTES = 50 * 1024 * 1024;
/** Slack refuses requests older than five minutes, and daily limits would reset at the wrong time. */
const MOST_CLOCK_SKEW_MS = 60_000;

export interface MachineOptions {
  readonly config: Config;
  readonly environment: NodeJS.Dict<string>;
  /** This machine's clock minus the clocks of servers; null if none answered. */
  readonly clockSkewMs: number | null;
  readonly fetch: Fetch;
}

/** Checks Node, `.env`, disk, clock, port and proxy. */
export async function checkMachine(options: MachineOptions): Promise<readonly Check[]> {
  const findings = createFindings('Machine');
  findings.ok(`Node ${process.versions.node} on ${process.platform} ${process.arch}`);
  await checkDotEnv(findings);
  await checkDisk(options.config, findings);
  checkClock(options.clockSkewMs, findings);
  await checkPort(options, findings);
  checkProxy(options, findings);
  return findings.checks;
}

async function checkDotEnv({ ok, off, warn }: Findings): Promise<void> {
  try {
    const { mode } = await stat('.env');
    if (process.platform === 'win32') ok('.env exists');
    else if ((mode & 0o077) === 0) ok('.env is readable by its owner only');
    else warn('.env contains secrets and is readable by other users of this machine', 'Run `chmod 600 .env`');
  } catch {
    off('There is no .env', 'Run `npm run setup`, or copy .env.example to .env');
  }
}

async function checkDisk({ STORE_URL: url }: Config, { ok, warn, fail }: Findings): Promise<void> {
  if (!url.startsWith('sqlite:')) return;
  let folder = dirname(resolve(url.slice('sqlite:'.length)));
  for (;;) {
    try {
      const { bavail, bsize } = await statfs(folder);
      const free = bavail * bsize;
      const finding = `${(free / 1e9).toFixed(1)} GB are free on the store’s disk`;
      if (free < NO_DISK_BYTES) fail(finding, 'Free some space on that disk, or move the store');
      else if (free < LITTLE_DISK_BYTES) warn(finding, 'Free some space on that disk');
      else ok(finding);
      return;
    } catch {
      const above = dirname(folder);
      if (above === folder) return;
      folder = above;
    }
  }
}

function checkClock(skewMs: number | null, { ok, warn }: Findings): void {
  if (skewMs === null) return;
  const seconds = Math.round(Math.abs(skewMs) / 1_000);
  if (Math.abs(skewMs) <= MOST_CLOCK_SKEW_MS) ok('The clock is correct');
  else {
    warn(
      `The clock is ${seconds} s ${skewMs > 0 ? 'fast' : 'slow'}`,
      'Synchronise it by NTP, for example with `timedatectl set-ntp true`',
    );
  }
}

async function checkPort(
  { config: { HOST, PORT }, fetch }: MachineOptions,
  findings: Findings,
): Promise<void> {
  const server = createServer();
  const code = await new Promise<string | null>((done) => {
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    server.listen(PORT, HOST, () => done(null));
  });
  server.close();
  if (code === null) return findings.ok(`Port ${PORT} on ${HOST} is free`);
  if (code === 'EADDRINUSE') {
    const isParley = await fetch(`http://${HOST.includes(':') ? `[${HOST}]` : HOST}:${PORT}/healthz`, {
      signal: AbortSignal.timeout(1_000),
    }).then(
      async (response) => response.ok && (await response.text()) === 'ok\n',
      () => false,
    );
    if (isParley) return findings.ok(`Parley runs on port ${PORT}`);
    return findings.fail(
      `Port ${PORT} on ${HOST} is in use by another program`,
      `Stop that program, or set PORT to a free port, for example PORT=${PORT + 1}`,
    );
  }
  findings.fail(
    `Parley cannot listen on ${HOST}, port ${PORT} (${code})`,
    code === 'EACCES'
      ? 'Set PORT to 1024 or above'
      : 'Set HOST to an address of this machine, such as 127.0.0.1',
  );
}

function checkProxy({ config, environment }: MachineOptions, { ok, warn }: Findings): void {
  const read = (['HTTPS_PROXY', 'HTTP_PROXY'] as const).find((name) => config[name]);
  if (read !== undefined) ok(`All requests go through ${read}, except for the hosts in NO_PROXY`);
  const unread = ['ALL_PROXY', 'all_proxy'].find((name) => environment[name]);
  if (read !== undefined || unread === undefined) return;
  warn(
    `${unread} is set, but Parley connects directly`,
    'If this machine reaches the internet only through a proxy, set HTTPS_PROXY',
  );
}

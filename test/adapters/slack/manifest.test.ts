import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { METHODS } from '../../../src/adapters/slack/api/methods.ts';
import { createManifest } from '../../../src/adapters/slack/manifest.ts';
import { commands } from '../../../src/commands/index.ts';
import { asList, asString, isJson, type Json } from '../../support/slack/json.ts';

const made = (url: string | null, agentView: boolean): Json =>
  JSON.parse(JSON.stringify(createManifest({ commands, url, agentView })));

function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isJson(inner) ? inner[name] : undefined), value);
}

const FOLDER = new URL('../../../src/adapters/slack/', import.meta.url);
const sources = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(new URL(name, FOLDER), 'utf8'))
  .join('\n');

describe('the manifest', () => {
  it('declares every command, with a hint of how to type it', () => {
    const declared = asList(at(made(null, true), 'features', 'slash_commands'));
    expect(declared.map((command) => command['command'])).toEqual(commands.map(({ name }) => `/${name}`));
    expect(declared[0]).toEqual({
      command: '/ask',
      description: 'Ask a language model',
      usage_hint: '[--model …] [--effort …] [--web] [--private] prompt',
      should_escape: false,
    });
    // People and groups behind it come with their ids; a question comes as it was typed.
    expect(declared.find(({ command }) => command === '/limits')).toMatchObject({ should_escape: true });
  });

  it('keeps within Slack’s limits', () => {
    const manifest = made(null, true);
    expect(asString(at(manifest, 'display_information', 'name')).length).toBeLessThanOrEqual(35);
    expect(asString(at(manifest, 'display_information', 'description')).length).toBeLessThanOrEqual(140);
    expect(asString(at(manifest, 'features', 'agent_view', 'agent_description')).length).toBeLessThanOrEqual(
      300,
    );
    expect(asList(at(manifest, 'features', 'agent_view', 'suggested_prompts')).length).toBeLessThanOrEqual(4);
    for (const command of asList(at(manifest, 'features', 'slash_commands'))) {
      expect(asString(command['command']).length).toBeLessThanOrEqual(32);
      expect(asString(command['description']).length).toBeLessThanOrEqual(2_000);
    }
    for (const shortcut of asList(at(manifest, 'features', 'shortcuts'))) {
      expect(asString(shortcut['name']).length).toBeLessThanOrEqual(24);
      expect(asString(shortcut['description']).length).toBeLessThanOrEqual(150);
    }
  });

  it('asks for the scopes of the methods and events that are used, and for no others', () => {
    const scopes = at(made(null, true), 'oauth_config', 'scopes', 'bot') as string[];
    const needed = new Set([
      'commands',
      'assistant:write',
      'app_mentions:read',
      // Optional: without it the bot works, and reads no files.
      'files:read',
      ...Object.values(METHODS).flatMap((method): readonly string[] => method.scopes),
    ]);
    expect(scopes).toEqual([...needed].toSorted());
  });

  it('knows every method that the code calls, and none that it does not', () => {
    const called = new Set(
      [
        ...sources.matchAll(
          /'((?:agents|apps|assistant|auth|chat|conversations|files|reactions|usergroups|users|views)\.[A-Za-z.]+)'/g,
        ),
      ].map(([, name]) => name),
    );
    expect([...called].toSorted()).toEqual(Object.keys(METHODS).toSorted());
    for (const method of Object.keys(METHODS)) {
      expect(sources.split(`'${method}'`).length - 1, method).toBeGreaterThan(1);
    }
  });

  it('subscribes to what the code listens to', () => {
    const events = at(made(null, true), 'settings', 'event_subscriptions', 'bot_events') as string[];
    expect(events).toEqual([
      'agent_session_stopped',
      'app_home_opened',
      'app_mention',
      'member_joined_channel',
      'message.channels',
      'message.groups',
      'message.im',
      'message.mpim',
    ]);
  });

  it('goes without the agent view where that is not wanted', () => {
    const manifest = made(null, false);
    expect(at(manifest, 'features', 'agent_view')).toBeUndefined();
    expect(at(manifest, 'oauth_config', 'scopes', 'bot')).not.toContain('assistant:write');
    expect(at(manifest, 'settings', 'event_subscriptions', 'bot_events')).not.toContain(
      'agent_session_stopped',
    );
  });

  it('turns Socket Mode on without addresses, and off with them', () => {
    expect(at(made(null, true), 'settings', 'socket_mode_enabled')).toBe(true);
    expect(JSON.stringify(made(null, true))).not.toContain('_url');
    const http = made('https://parley.example.com/', true);
    const url = 'https://parley.example.com/slack/events';
    expect(at(http, 'settings', 'socket_mode_enabled')).toBe(false);
    expect(at(http, 'settings', 'event_subscriptions', 'request_url')).toBe(url);
    expect(at(http, 'settings', 'interactivity')).toEqual({
      is_enabled: true,
      request_url: url,
      message_menu_options_url: url,
    });
    expect(asList(at(http, 'features', 'slash_commands')).every((command) => command['url'] === url)).toBe(
      true,
    );
  });

  it('is printed by a script, as Slack takes it', async () => {
    const print = async (...args: string[]) => {
      const { stdout } = await promisify(execFile)(process.execPath, ['scripts/slack-manifest.ts', ...args]);
      return JSON.parse(stdout);
    };
    expect(await print()).toEqual(made(null, true));
    expect(await print('--url', 'https://bot.example.com', '--plain')).toEqual(
      made('https://bot.example.com', false),
    );
    await expect(print('--url', 'bot.example.com')).rejects.toThrow('--url must be an https address');
  });
});

import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPasswordOf } from '../../src/report/passwordHash.ts';
import { startDaemon, workFolder } from '../support/daemon.ts';

let folder: Awaited<ReturnType<typeof workFolder>>;
beforeAll(async () => {
  folder = await workFolder();
});
afterAll(() => folder.remove());

async function call(...args: readonly string[]): Promise<{ exit: number | string; out: string; errors: string }> {
  const daemon = startDaemon(args);
  const exit = await daemon.exited;
  return { exit, out: daemon.stdout(), errors: daemon.stderr() };
}

describe('gruard', () => {
  it.each([['--help'], ['demo', '--help'], ['run', '--help'], ['validate', '--help'], []])(
    'gives help with examples: %s %s',
    async (...args) => {
      const { exit, out } = await call(...args);
      expect(exit).toBe(0);
      expect(out).toContain('usage: gruard');
      expect(out.match(/^ {2}gruard /gm)?.length).toBeGreaterThanOrEqual(2);
    },
  );

  it('tells its version', async () => {
    expect((await call('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    ['dmo'],
    ['run'],
    ['run', 'x.yaml', '--unknown'],
    ['run', 'x.yaml', '--flush'],
    ['demo', '--speed', 'fast'],
    ['demo', '--until', 'doomsday'],
    ['demo', '--listen', 'here'],
  ])('says what is wrong with a call, and exits with 2: %s %s %s', async (...args) => {
    const { exit, out, errors } = await call(...args.filter((arg) => arg !== undefined));
    expect(exit).toBe(2);
    expect(out).toBe('');
    expect(errors).toMatch(/^gruard: error\[usage\] .+\n {2}fix: /);
  });

  it('refuses a configuration with a mistake, and starts nothing: 78', async () => {
    const path = await folder.file('wrong.yaml', 'version: 1\nstreams:\n  a: { topc: t, value: $.v }\n');
    const { exit, out, errors } = await call('run', path);
    expect(exit).toBe(78);
    expect(out).toBe('');
    expect(errors).toContain('wrong.yaml:3:8: error[unknown_key] streams.a.topc');
    expect(errors).toContain('"topic"');
    expect(errors).toContain('Nothing was started.');
  });

  it('names a configuration or data that are not there: 66', async () => {
    expect((await call('run', `${folder.path}/nowhere.yaml`)).exit).toBe(66);
    const path = await folder.file('good.yaml', 'version: 1\nstreams:\n  a: { topic: t, value: $.v }\n');
    const { exit, errors } = await call(
      'run',
      path,
      '--listen',
      '127.0.0.1:0',
      '--replay',
      `${folder.path}/nowhere.csv`,
    );
    expect(exit).toBe(66);
    expect(errors).toContain('nowhere.csv');
  });

  it('names a busy port and the option that mends it: 69', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const path = await folder.file('port.yaml', 'version: 1\nstreams:\n  a: { topic: t, value: $.v }\n');
    const { exit, errors } = await call('run', path, '--listen', `127.0.0.1:${port}`, '--replay', '/dev/null');
    other.close();
    expect(exit).toBe(69);
    expect(errors).toContain('port_busy');
    expect(errors).toContain('--listen');
  });

  it('names a state directory that cannot be made: 73', async () => {
    const blocked = await folder.file('blocked', 'a file, not a folder');
    const path = await folder.file(
      'state.yaml',
      `version: 1\nstate: { dir: ${blocked}/state }\nstreams:\n  a: { topic: t, value: $.v }\n`,
    );
    const data = await folder.file('one.jsonl', '{"v":1}\n');
    const { exit, errors } = await call('run', path, '--listen', '127.0.0.1:0', '--replay', data);
    expect(exit).toBe(73);
    expect(errors).toContain('state_unwritable');
    expect(errors).toContain(blocked);
  });

  it('reads standard input, and prints events as JSON lines', async () => {
    const path = await folder.file(
      'stdin.yaml',
      'version: 1\ndefaults: { window: { every: record }, time: $.t, detect: { range: { max: 10 } } }\n' +
        'streams:\n  a: { topic: t, value: $.v }\n',
    );
    const daemon = startDaemon(
      ['run', path, '--listen', '127.0.0.1:0', '--replay', '-'],
      {},
      '{"t":1000,"v":1}\n{"t":2000,"v":11}\n{"t":3000,"v":2}\n',
    );
    expect(await daemon.exited, daemon.stderr()).toBe(0);
    const told = daemon.events().map(({ event, kind, origin }) => ({ event, kind, origin }));
    expect(told).toEqual([
      { event: 'opened', kind: 'range', origin: { file: '-', line: 2 } },
      { event: 'closed', kind: 'range', origin: { file: '-', line: 3 } },
    ]);
  });

  it('tells nothing of muted series until their time, and says who they are', async () => {
    const path = await folder.file(
      'muted.yaml',
      'version: 1\ndefaults:\n  window: { every: record }\n  time: $.t\n  detect:\n    range: { max: 10 }\n' +
        '    mute: [{ series: { host: a }, until: "1970-01-01T00:00:03Z", reason: known noise }]\n' +
        'streams:\n  a: { topic: t, value: $.v, series: { host: $.h } }\n',
    );
    const lines = [1, 2, 3, 4].flatMap((t) => ['a', 'b'].map((h) => ({ t: 1000 * t, h, v: t % 2 === 0 ? 11 : 1 })));
    const daemon = startDaemon(
      ['run', path, '--listen', '127.0.0.1:0', '--replay', '-', '--flush'],
      {},
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
    expect(await daemon.exited, daemon.stderr()).toBe(0);
    const opened = daemon.events().filter(({ event }) => event === 'opened');
    expect(opened.map(({ series, origin }) => [series['host'], origin])).toEqual([
      ['b', { file: '-', line: 4 }],
      ['a', { file: '-', line: 7 }],
      ['b', { file: '-', line: 8 }],
    ]);
    expect(daemon.stderr()).toContain(
      'a: series with host=\\"a\\" open no episodes before 1970-01-01T00:00:03.000Z of event time: known noise',
    );
  });

  it('listens beyond this machine only when it is told that everybody may read: 78', async () => {
    const path = await folder.file('open.yaml', 'streams: { a: { topic: t, value: $.v } }\n');
    const args = ['run', path, '--replay', '-', '--listen', '0.0.0.0:0'];
    const refused = await call(...args);
    expect(refused.exit).toBe(78);
    expect(refused.errors).toBe(
      'gruard: error[listen_open] --listen: other machines reach 0.0.0.0:0, and nobody is asked who they are.\n' +
        '  fix: Set http.auth, listen on 127.0.0.1, or say --anonymous (http.anonymous) where everybody may read.\n',
    );
    expect((await call(...args, '--anonymous')).exit).toBe(0);
  });

  it('makes hashes of passwords', async () => {
    const hashOf = async (input: string): Promise<{ exit: number | string; out: string }> => {
      const daemon = startDaemon(['config', 'hash'], {}, input);
      return { exit: await daemon.exited, out: daemon.stdout() };
    };
    const { exit, out } = await hashOf('pass word\n');
    expect(exit).toBe(0);
    expect(await isPasswordOf('pass word', out.trim())).toBe(true);
    expect(await hashOf('\n')).toEqual({ exit: 2, out: '' });
    expect((await call('config', 'hash', '--help')).out).toContain('usage: gruard config hash');
  });
});

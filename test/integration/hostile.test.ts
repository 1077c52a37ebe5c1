// Names from outside, as bad as they come: through the daemon they become labels, and nothing else.

import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { load } from '../../src/config/load.ts';
import { cleanText } from '../../src/decode/text.ts';
import { labelValue } from '../../src/report/labels.ts';
import { type Daemon, startDaemon, until, workFolder } from '../support/daemon.ts';
import { parseExposition } from '../support/exposition.ts';
import { available } from '../support/required.ts';

const HOSTS = [
  '"',
  '\\',
  '\\"',
  'a\nb',
  '\n# TYPE gruard_evil counter\ngruard_evil 1\n',
  '"} 1\ngruard_evil{a="',
  '",stream="other",x="',
  '\0nul',
  '\u001b[2J\u001b]0;title\u0007',
  '\u0085next line',
  '\u2028line separator',
  '\u202eright to left',
  '\ud800',
  '\u{1F600}',
  'caf\u00e9',
  'cafe\u0301',
  '__proto__',
  'constructor',
  'toString',
  '../../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  'C:\\windows\\system32',
  '$(reboot)',
  `\${env:HOME}`,
  '%s%n%d',
  '<script>alert(1)</script>',
  'x'.repeat(200),
  `${'x'.repeat(199)}y`,
  'NaN',
  '+Inf',
  ' ',
  '{}',
  '#',
];
const WINDOWS = 120;

let folder: Awaited<ReturnType<typeof workFolder>>;
let running: Daemon[];
beforeEach(async () => {
  folder = await workFolder();
  running = [];
});
afterEach(async () => {
  for (const daemon of running) await daemon.stop('SIGKILL');
  await folder.remove();
});

/** What the last window of each host does opens an episode, so that its name is in events and lines, too. */
function records(): string {
  const lines: string[] = [];
  for (let n = 0; n < WINDOWS; n++) {
    for (const host of HOSTS) {
      lines.push(JSON.stringify({ t: 1.8e12 + n * 60_000, host, v: n === WINDOWS - 1 ? 99 : n % 5 }));
    }
  }
  return `${lines.join('\n')}\n`;
}

function config(state: string): Promise<string> {
  return folder.file(
    'gruard.yaml',
    `http: { listen: 127.0.0.1:0 }
state: { dir: "${state}", every: 1s }
streams:
  a:
    topic: t
    series: { host: $.host }
    time: $.t
    value: $.v
    window: { every: 1m, lateness: 0s }
    model: { cell: last, warmup: { windows: 50 } }
    detect: { range: { max: 9 } }
`,
  );
}

function start(...[args, input, more]: [string[], string?, Parameters<typeof startDaemon>[3]?]): Daemon {
  const daemon = startDaemon(args, {}, input, more);
  running.push(daemon);
  return daemon;
}

describe('hostile keys', () => {
  it('become labels of the exposition, one series each', { timeout: 90_000 }, async () => {
    const path = await config(join(folder.path, 'state'));
    const daemon = start(['run', path, '--replay', '-'], records(), { inputStaysOpen: true });
    const total = HOSTS.length * WINDOWS;
    await until('all is read', async () => (await daemon.metric('gruard_samples_decoded_total')) === total, daemon);
    const scrape = async (): Promise<string> => (await fetch(`${await daemon.url()}/metrics`)).text();
    const hostsIn = (body: string): string[] =>
      parseExposition(body)
        .lines.filter(({ name }) => name === 'gruard_value')
        .map(({ labels }) => {
          expect(Object.keys(labels).sort()).toEqual(['field', 'host', 'series', 'stream']);
          expect(labels['stream']).toBe('a');
          return labels['host'] ?? '';
        });
    const wanted = [...new Set(HOSTS.map((host) => labelValue(cleanText(host))))].sort();
    await until('all are exported', async () => hostsIn(await scrape()).length >= wanted.length, daemon);
    const body = await scrape();
    expect(hostsIn(body).sort()).toEqual(wanted);
    expect(body).not.toMatch(/^gruard_evil/m);
    if (available('promtool', 'promtool on hostile labels')) {
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' });
      expect({ status, told: stdout + stderr }).toEqual({ status: 0, told: '' });
    }
    expect(await daemon.stop()).toBe(0);
    expect(daemon.stderr()).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  it('stay within their lines of JSON, and out of file names', { timeout: 90_000 }, async () => {
    const state = join(folder.path, 'state');
    const data = await folder.file('data.jsonl', records());
    const daemon = start(['run', await config(state), '--replay', data, '--flush']);
    expect(await daemon.exited, daemon.stderr()).toBe(0);
    const lines = daemon.stdout().trimEnd().split('\n');
    const opened = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'opened');
    const hosts = new Set(opened.map(({ series }) => (series as { host: string }).host));
    expect([...hosts].sort()).toEqual([...new Set(HOSTS.map(cleanText))].sort());
    expect(daemon.stdout()).not.toMatch(/(?![\n\u0080-\u009f])\p{Cc}/u);
    for (const entry of readdirSync(state, { recursive: true, withFileTypes: true })) {
      expect(entry.name).toMatch(/^(?:replay|[0-9a-f]{16}|[0-9a-f]{32}|p\d{5}|e\d+-(?:claim|n\d+-\w+))$/);
      expect(entry.isFile() || entry.isDirectory()).toBe(true);
      expect(lstatSync(join(entry.parentPath, entry.name)).mode & 0o077).toBe(0);
    }
  });
});

describe('hostile names in the configuration', () => {
  it.each([
    ['a stream', `streams: { "../../etc/passwd": { topic: t, value: $.v } }`],
    ['a stream', `streams: { "%2e%2e": { topic: t, value: $.v } }`],
    ['a stream', `streams: { "a\\0b": { topic: t, value: $.v } }`],
    ['a stream', `streams: { ${'x'.repeat(300)}: { topic: t, value: $.v } }`],
    ['a uid', `streams: { a: { topic: t, value: $.v, uid: ../b } }`],
    ['a topic', `streams: { a: { topic: ../t, value: $.v } }`],
    ['a topic', `streams: { a: { topic: .., value: $.v } }`],
    ['a label', `streams: { a: { topic: t, value: $.v, series: { "x\\"} 1": $.h } } }`],
    ['a field', `streams: { a: { topic: t, values: { "x\\n": $.v } } }`],
    ['a user', `http: { auth: { basic: { "a:b": x } } }\nstreams: { a: { topic: t, value: $.v } }`],
  ])('are refused: %s in %s', async (_what, text) => {
    const loaded = load([await folder.file('gruard.yaml', text)], {});
    expect(loaded.ok ? text : loaded.problems.map(({ code }) => code).join()).toMatch(
      /bad_name|bad_value|out_of_range/,
    );
  });
});

describe('a state directory that leads elsewhere', () => {
  it('is refused, and nothing is written there', async () => {
    const [elsewhere, link] = [join(folder.path, 'elsewhere'), join(folder.path, 'link')];
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, link);
    for (const state of [link, `${link}/`]) {
      const path = await folder.file(
        'kafka.yaml',
        `kafka: { brokers: ["127.0.0.1:9"] }\nstate: { dir: "${state}" }\nstreams: { a: { topic: t, value: $.v } }\n`,
      );
      const daemon = start(['run', path, '--listen', '127.0.0.1:0']);
      expect(await daemon.exited).toBe(73);
      expect(daemon.stderr()).toContain('is a symbolic link, not a directory');
    }
    expect(readdirSync(elsewhere)).toEqual([]);
  });
});

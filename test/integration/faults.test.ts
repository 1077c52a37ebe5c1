// Programmer errors, planted into a copy of the build, and readers that go away: what must never hang or be kept.

import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Daemon, startDaemon, until, workFolder } from '../support/daemon.ts';
import { faultyBuild, plant } from '../support/faultyBuild.ts';
import { createTopic, freshName, kafkaToolsReady, produceLines } from '../support/kafkaTools.ts';

const MINUTE_MS = 60_000;
const BAD = 666;
/** Looks, one a second, after which the watchdog of a test's build gives a lane up. */
const HUNG_S = 10;

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

const start = (...args: Parameters<typeof startDaemon>): Daemon => {
  const daemon = startDaemon(...args);
  running.push(daemon);
  return daemon;
};

/** Every value above 10 opens an episode. */
async function config(topic = 't', more = ''): Promise<string> {
  return await folder.file(
    'gruard.yaml',
    `version: 1
http: { listen: 127.0.0.1:0 }
state: { dir: ${folder.path}/state, every: 1s }
${more}
streams:
  a:
    topic: ${topic}
    time: $.t
    value: $.v
    window: { every: record }
    model: { hidden: 4 }
    detect: { range: { max: 10 } }
`,
  );
}

function lines(values: readonly number[]): string {
  return `${values.map((v, i) => JSON.stringify({ t: (1_700_000 + i) * MINUTE_MS, v })).join('\n')}\n`;
}

/** A build whose detector fails on one value. */
async function failingBuild(): Promise<string> {
  const at = join(folder.path, 'faulty');
  await mkdir(at);
  const text = 'export function detectWave(state, wave, changes) {';
  const fault = `if (wave.value.subarray(0, wave.count).includes(${BAD})) throw new Error('planted fault');`;
  return faultyBuild(at, 'detect/detector.js', text, `${text} ${fault}`);
}

function sealed(): string[] {
  const dir = join(folder.path, 'state');
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('-base'));
}

const calm = Array.from({ length: 50 }, (_, i) => i % 5);

describe('a stage that throws', () => {
  it('fails its lane visibly; the third time within ten minutes the program ends with 1', async () => {
    const data = await folder.file('data.jsonl', lines([...calm, 11, 3, BAD, 3]));
    const main = await failingBuild();
    const daemon = start(['run', await config(), '--replay', data], {}, undefined, { main });
    expect(await daemon.exited, daemon.stderr()).toBe(1);
    expect(daemon.stderr()).toContain('planted fault');
    expect(daemon.stderr()).toContain('lane_given_up');
    // Three lives told the same, and none kept anything.
    const told = daemon.stdout().trim().split('\n');
    expect([told.length, new Set(told).size]).toEqual([6, 2]);
    expect(sealed()).toEqual([]);
  });

  it('ends the program at once when the input cannot be read again', async () => {
    const main = await failingBuild();
    const daemon = start(['run', await config(), '--replay', '-'], {}, lines([BAD, 1]), { main });
    expect(await daemon.exited, daemon.stderr()).toBe(1);
    expect(daemon.stderr()).not.toContain('lane_restarted');
  });

  it('does not hold up a stop while its lane waits to be started anew', async () => {
    const data = await folder.file('data.jsonl', lines([BAD, 1]));
    const main = await failingBuild();
    const daemon = start(['run', await config(), '--replay', data], {}, undefined, { main });
    await until('the lane failed', () => daemon.stderr().includes('lane_restarted'), daemon);
    expect(await daemon.stop()).toBe(1);
    expect(daemon.stderr()).not.toContain('not drained');
  });
});

describe.runIf(kafkaToolsReady(inject('brokers')))('a stage that throws on a record of Kafka', () => {
  it('is met again after each restart, commits nothing, and ends the program with 1', {
    timeout: 120_000,
  }, async () => {
    const brokers = inject('brokers');
    const topic = freshName('bad');
    await createTopic(brokers, topic, 1);
    await produceLines(
      brokers,
      topic,
      lines([...calm, BAD])
        .trim()
        .split('\n'),
    );
    const kafka = `kafka: { brokers: ${JSON.stringify(brokers.split(','))}, group: ${freshName('group')} }`;
    const main = await failingBuild();
    const daemon = start(['run', await config(topic, kafka)], {}, undefined, { main });
    expect(await daemon.exited, daemon.stderr()).toBe(1);
    expect(daemon.stderr().match(/joined group/g)?.length).toBe(3);
    expect(daemon.stderr()).toContain('lane_given_up');
    expect(sealed()).toEqual([]);
  });
});

describe('a lane that hangs', () => {
  /** A build whose detector never comes back from one value, and whose watchdog gives a lane up after `looks`. */
  async function hangingBuild(looks: number): Promise<string> {
    const at = join(folder.path, 'faulty');
    await mkdir(at);
    const text = 'export function detectWave(state, wave, changes) {';
    const fault = `while (wave.value.subarray(0, wave.count).includes(${BAD}));`;
    const main = faultyBuild(at, 'detect/detector.js', text, `${text} ${fault}`);
    plant(at, 'pulse.js', 'const HUNG_LOOKS = 30;', `const HUNG_LOOKS = ${looks};`);
    return main;
  }

  // That it takes 30 looks is a matter of test/pulse.test.ts.
  it('is told after 5 s, started anew when it hangs, and given up like one that throws; the rest answers on', {
    timeout: 120_000,
  }, async () => {
    const data = await folder.file('data.jsonl', lines([...calm, 11, 3, BAD, 3]));
    const main = await hangingBuild(HUNG_S);
    const from = performance.now();
    const daemon = start(['run', await config(), '--replay', data], {}, undefined, { main });
    await until('it is told', () => daemon.stderr().includes('lane_still'), daemon);
    const readiness = await fetch(`${await daemon.url()}/readyz`);
    expect(await readiness.text()).toMatch(
      /^lane 0: has not moved for \d+ s, stage detect, batch of t\/0 from offset 1 on$/m,
    );
    expect(readiness.status).toBe(503);
    expect((await fetch(`${await daemon.url()}/healthz`)).status).toBe(200);
    const still = async (): Promise<number> => (await daemon.metric('gruard_lane_still_seconds')) ?? 0;
    await until('metrics tell it, too', async () => (await still()) >= 5, daemon);
    expect(await daemon.exited, daemon.stderr()).toBe(1);
    // Three lives; the log tells a repeated line once a minute.
    expect(performance.now() - from).toBeGreaterThan(3 * HUNG_S * 1000);
    expect(daemon.stderr()).toContain('"lane_hung"');
    expect(daemon.stderr()).toContain('lane_given_up');
    expect(sealed()).toEqual([]);
  });

  it('does not hold up a stop for longer than the deadline', { timeout: 90_000 }, async () => {
    const data = await folder.file('data.jsonl', lines([BAD, 1]));
    const main = await hangingBuild(600);
    plant(join(folder.path, 'faulty'), 'app.js', 'const STOP_MS_MAX = 23_000;', 'const STOP_MS_MAX = 3_000;');
    const daemon = start(['run', await config(), '--replay', data], {}, undefined, { main });
    await until('it is told', () => daemon.stderr().includes('lane_still'), daemon);
    const from = performance.now();
    expect(await daemon.stop()).toBe(143);
    expect(daemon.stderr()).toContain('not drained within 3 s');
    expect(performance.now() - from).toBeLessThan(20_000);
  });
});

describe('what nobody catches', () => {
  it('ends the program with 1 and a line in the log, when it is in main', async () => {
    const at = join(folder.path, 'faulty');
    await mkdir(at);
    const text = 'export function accept(merge, report) {';
    const main = faultyBuild(at, 'report/merge.js', text, `${text} Promise.reject(new Error('planted fault'));`);
    const data = await folder.file('data.jsonl', lines(calm));
    const daemon = start(['run', await config(), '--replay', data], {}, undefined, { main });
    expect(await daemon.exited).toBe(1);
    const last = JSON.parse(daemon.stderr().trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(last).toMatchObject({ level: 'error', code: 'internal' });
    expect(last['msg']).toContain('planted fault');
  });

  it('fails the lane when it is in a lane', async () => {
    const at = join(folder.path, 'faulty');
    await mkdir(at);
    const text = 'export function standingOf({ series, bank, window, stream, decode }) {';
    const main = faultyBuild(at, 'standing.js', text, `${text} Promise.reject(new Error('planted fault'));`);
    const daemon = start(['run', await config(), '--replay', '-'], {}, lines(calm), { main, inputStaysOpen: true });
    expect(await daemon.exited, daemon.stderr()).toBe(1);
    expect(daemon.stderr()).toContain('planted fault');
  });
});

describe('standard input and output', () => {
  it('can be stopped while its input stays open', async () => {
    const daemon = start(['run', await config(), '--replay', '-'], {}, lines(calm), { inputStaysOpen: true });
    const received = async (): Promise<number> => (await daemon.metric('gruard_records_received_total')) ?? 0;
    await until('it has read', async () => (await received()) === calm.length, daemon);
    expect(await daemon.stop()).toBe(0);
  });

  it('ends as other programs do when its reader goes away: 141', async () => {
    const daemon = start(['run', await config(), '--replay', '-'], {}, lines([11, 1, 11, 1]), { inputStaysOpen: true });
    await until('it told something', () => daemon.events().length === 4, daemon);
    daemon.child.stdout?.destroy();
    daemon.child.stdin?.write(lines([0, 0, 0, 0, 11, 1]));
    expect(await daemon.exited, daemon.stderr()).toBe(141);
  });

  it('says that no stream reads the topic that a file stands for', async () => {
    const daemon = start(['run', await config(), '--replay', '-', '--topic', 'typo'], {}, lines(calm));
    expect(await daemon.exited).toBe(2);
    expect(daemon.stderr()).toContain('no stream reads topic typo');
  });
});

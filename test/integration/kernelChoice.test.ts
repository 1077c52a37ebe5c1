// The kernel that the built daemon takes, on a machine that can run the compiled one and in a build that lacks it.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Daemon, startDaemon, until, workFolder } from '../support/daemon.ts';
import { faultyBuild } from '../support/faultyBuild.ts';

const RECORD = '{"t":1700000000000,"v":1}\n';

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

/** Reads standard input, which stays open. */
async function start(backend: string, main?: string): Promise<Daemon> {
  const config = await folder.file(
    'gruard.yaml',
    `http: { listen: 127.0.0.1:0 }
streams: { a: { topic: t, time: $.t, value: $.v, window: { every: record }, model: { backend: ${backend} } } }
`,
  );
  const more = main === undefined ? {} : { main };
  const daemon = startDaemon(['run', config, '--replay', '-'], {}, RECORD, { inputStaysOpen: true, ...more });
  running.push(daemon);
  return daemon;
}

async function buildWithoutSimd(): Promise<string> {
  const at = join(folder.path, 'without');
  await mkdir(at);
  return faultyBuild(at, 'kernelChoice.js', './kernel/simd.wasm', './kernel/none.wasm');
}

async function kindOf(daemon: Daemon): Promise<readonly string[]> {
  await daemon.url();
  await until('the lane reported', async () => (await daemon.metric('gruard_kernel_info')) !== undefined, daemon);
  const kinds: string[] = [];
  for (const backend of ['simd', 'js']) {
    for (const arithmetic of ['fused', 'unfused']) {
      const value = await daemon.metric('gruard_kernel_info', { backend, arithmetic });
      if (value !== undefined) kinds.push(`${backend} ${arithmetic} ${value}`);
    }
  }
  return kinds;
}

it('is the compiled one where the machine can run it', async () => {
  const daemon = await start('auto');
  expect(await kindOf(daemon)).toEqual([expect.stringMatching(/^simd (?:un)?fused 1$/)]);
  expect(daemon.stderr()).toContain('kernel: simd, ');
});

it('is the one in JavaScript where a stream wants that', async () => {
  const daemon = await start('js');
  expect(await kindOf(daemon)).toEqual(['js unfused 1']);
  expect(daemon.stderr()).toContain('kernel: js, as model.backend says');
});

it('is the one in JavaScript, with a warning, where the compiled one is missing', async () => {
  const daemon = await start('auto', await buildWithoutSimd());
  expect(await kindOf(daemon)).toEqual(['js unfused 1']);
  expect(daemon.stderr()).toContain('"code":"kernel_slow"');
});

it('is none where a stream insists on the missing one: the program ends at once with 69 and the remedy', async () => {
  const daemon = await start('simd', await buildWithoutSimd());
  expect(await daemon.exited, daemon.stderr()).toBe(69);
  expect(daemon.stderr()).toContain('streams.a.model.backend is simd, but kernel/simd.wasm cannot be read (ENOENT)');
  expect(daemon.stderr()).toContain('Set model.backend to auto or js');
  expect(daemon.stderr()).not.toContain('lane_restarted');
});

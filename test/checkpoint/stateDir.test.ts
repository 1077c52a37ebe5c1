import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimStateDir, type StateDirClaim } from '../../src/checkpoint/stateDir.ts';

let base = '';
let dir = '';
const claims: StateDirClaim[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'gruard-claim-'));
  dir = join(base, 'state');
});

afterEach(async () => {
  for (const claim of claims.splice(0)) await claim.release();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(base, { recursive: true });
});

async function claimed(path: string, options: { readonly fresh?: boolean } = {}): Promise<StateDirClaim> {
  const claim = await claimStateDir(path, options);
  claims.push(claim);
  return claim;
}

/** Another process that holds the directory until it is killed. */
async function holder(path: string): Promise<ChildProcess> {
  const module = new URL('../../src/checkpoint/stateDir.ts', import.meta.url).href;
  const program = `
    const { claimStateDir } = await import(${JSON.stringify(module)});
    await claimStateDir(${JSON.stringify(path)});
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

const OWNER: unknown = expect.stringMatching(/^owner-[0-9a-f]{8}\.sock$/);

const longPath = (): string => join(base, 'a'.repeat(90), 'b'.repeat(90));

/** Other processes are started. */
describe('claiming a state directory', { timeout: 30_000 }, () => {
  it('makes it, for this user only, and leaves nothing in it when it is released', async () => {
    const claim = await claimed(join(dir, 'deeper'));
    expect((await stat(join(dir, 'deeper'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(dir, 'deeper'))).toEqual([OWNER]);
    await claim.release();
    await claim.release();
    expect(await readdir(join(dir, 'deeper'))).toEqual([]);
  });

  it.each([
    ['a short path', () => dir],
    ['a path that is too long for a socket', longPath],
  ])('refuses what a living process has, by %s, and names both', async (_, path) => {
    const owner = await holder(path());
    await expect(claimStateDir(path())).rejects.toMatchObject({
      code: 'state_busy',
      message: `${path()} is in use by process ${owner.pid}`,
    });
  });

  it.each([
    ['a short path', () => dir],
    ['a path that is too long for a socket', longPath],
  ])('replaces the socket of a killed process, by %s', async (_, path) => {
    const owner = await holder(path());
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    expect(await readdir(path())).toEqual([OWNER]);
    await claimed(path());
    expect(await readdir(path())).toEqual([OWNER]);
    await expect(claimStateDir(path())).rejects.toMatchObject({ code: 'state_busy' });
  });

  it('gives a directory to exactly one of many who find the same dead socket', async () => {
    for (let round = 0; round < 20; round++) {
      const owner = await holder(dir);
      owner.kill('SIGKILL');
      await once(owner, 'exit');
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => claimed(dir)));
      const failures = tries.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
      expect(failures).toEqual(Array(7).fill('state_busy'));
      for (const claim of claims.splice(0)) await claim.release();
    }
  });

  it('counts a process that is stopped as living', async () => {
    const owner = await holder(dir);
    owner.kill('SIGSTOP');
    await expect(claimStateDir(dir)).rejects.toMatchObject({ code: 'state_busy' });
  });

  it('lets the next one have it after a release', async () => {
    await (await claimed(dir)).release();
    await expect(claimed(dir)).resolves.toBeDefined();
  });

  it('refuses a directory that is a symbolic link, with a slash behind it, too', async () => {
    await mkdir(dir);
    await symlink(dir, join(base, 'link'));
    for (const path of [join(base, 'link'), `${join(base, 'link')}/`]) {
      await expect(claimStateDir(path)).rejects.toMatchObject({
        code: 'state_unwritable',
        message: `${join(base, 'link')} is a symbolic link, not a directory`,
      });
    }
  });

  it('says why it cannot be used', async () => {
    await writeFile(dir, 'a file');
    await expect(claimStateDir(dir)).rejects.toMatchObject({
      code: 'state_unwritable',
      message: `${dir} is not a directory`,
    });
    await expect(claimStateDir(join(dir, 'below'))).rejects.toMatchObject({
      code: 'state_unwritable',
      message: expect.stringContaining(`cannot write to ${join(dir, 'below')}: ENOTDIR`),
    });
    await expect(claimStateDir('/proc/gruard')).rejects.toMatchObject({
      code: 'state_unwritable',
      message: expect.stringContaining('cannot write to /proc/gruard'),
    });
  });

  it('forgets checkpoints when asked for a fresh start, and nothing else', async () => {
    const topic = join(dir, '0123456789abcdef0123456789abcdef', 'p00000');
    await mkdir(topic, { recursive: true });
    await writeFile(join(topic, 'e1-n1-base'), '');
    await mkdir(join(dir, 'mine'));
    await writeFile(join(dir, 'notes.txt'), 'mine, too');
    await (await claimed(dir)).release();
    expect(await readdir(topic)).toEqual(['e1-n1-base']);
    await claimed(dir, { fresh: true });
    expect((await readdir(dir)).sort()).toEqual(['mine', 'notes.txt', OWNER]);
  });

  it('forgets nothing of a directory that another process has', async () => {
    await holder(dir);
    const topic = join(dir, '0123456789abcdef0123456789abcdef');
    await mkdir(topic);
    await expect(claimStateDir(dir, { fresh: true })).rejects.toMatchObject({ code: 'state_busy' });
    expect(await readdir(dir)).toContain('0123456789abcdef0123456789abcdef');
  });
});

// The mutant of the format: were there no CRC, damage would pass. Shows that the damage test can fail.

import { expect, it, vi } from 'vitest';
import { damageRuns } from './damage.ts';

vi.mock('node:zlib', () => ({ crc32: () => 0 }));

it('damaged files would be taken for whole ones without a CRC', async () => {
  await expect(damageRuns(2_000, 0)).rejects.toThrow(/a state that nobody saved|damage passed unseen/);
});

// The mutant of the format: were there no CRC, a file that has rotted would be taken for a state.

import { expect, it, vi } from 'vitest';
import { runSchedule } from './schedule.ts';

vi.mock('node:zlib', () => ({ crc32: () => 0 }));

it('schedules in which files rot would end otherwise without a CRC', { timeout: 240_000 }, async () => {
  let found: string | undefined;
  for (let seed = 0; seed < 400 && found === undefined; seed++) found = (await runSchedule(seed, 'file')).violation;
  expect(found).toBeDefined();
});

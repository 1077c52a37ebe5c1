// Five million keys that come once, through 10,000 series that go on.

import { flood } from '../scenario/flood.ts';

const [steady, latecomers, limit, keys, rounds] = [10_000, 500, 12_000, 5_000_000, 60];
const tell = (line: string): void => console.log(`flood: ${line}`);
const told = await flood({ steady, latecomers, limit, keys, rounds, tell });
const whole = told.learned.length === steady - latecomers && (told.learned[0] ?? 0) >= rounds - 1;
const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
const [before, after] = [megabytes(told.quarterBytes), megabytes(told.endBytes)];
// The test makes 85,000 records at a time; what it leaves to the garbage collector is no leak.
const flat = told.bankBytes[0] === told.bankBytes[1] && after < 1.25 * before;
const ok = whole && flat && told.latecomersIn === latecomers;
console.log(
  `flood: ${ok ? 'PASS' : 'FAIL'} keys=${keys} steady=${told.learned.length} ` +
    `fewest windows learned=${told.learned[0]} of ${rounds} latecomers=${told.latecomersIn} ` +
    `refused=${told.refused} RSS ${before} to ${after} MB, ` +
    `${told.recordsPerSecond} records/s`,
);
process.exitCode = ok ? 0 : 1;

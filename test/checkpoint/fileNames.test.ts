import { describe, expect, it } from 'vitest';
import {
  baseName,
  claimName,
  corruptName,
  deltaName,
  deltasOf,
  directoriesOf,
  readListing,
} from '../../src/checkpoint/fileNames.ts';

describe('the names in a state directory', () => {
  it('hide every topic behind a hash, so that none leads elsewhere', () => {
    const topics = ['orders', 'Orders', '../../etc/passwd', '%2e%2e', 'a\u0000b', 'x'.repeat(300), '.', ''];
    const hashes = topics.map((topic) => directoriesOf({ topic, partition: 0 })[0]);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(hashes).size).toBe(topics.length);
  });

  it('have five digits for a partition, more when needed', () => {
    expect(directoriesOf({ topic: 't', partition: 7 })[1]).toBe('p00007');
    expect(directoriesOf({ topic: 't', partition: 1_234_567 })[1]).toBe('p1234567');
  });

  it('are read back as what they were made for', () => {
    const base = baseName({ epoch: 2, number: 10 });
    const listing = readListing([
      base,
      baseName({ epoch: 2, number: 9 }),
      baseName({ epoch: 1, number: 40 }),
      claimName(3),
      `${baseName({ epoch: 2, number: 11 })}.tmp`,
      corruptName(base, 4),
      corruptName(base, 12),
    ]);
    expect(listing.bases.map(({ name }) => name)).toEqual(['e2-n10-base', 'e2-n9-base', 'e1-n40-base']);
    expect(listing.claims).toEqual([{ name: 'e3-claim', epoch: 3 }]);
    expect(listing.unfinished).toEqual(['e2-n11-base.tmp']);
    expect(listing.corrupt.map(({ number }) => number)).toEqual([12, 4]);
    expect([listing.epochMax, listing.numberMax]).toEqual([3, 40]);
  });

  it('put a higher epoch before a higher number: a former owner may have counted on', () => {
    const { bases } = readListing(['e1-n99-base', 'e2-n5-base']);
    expect(bases[0]?.name).toBe('e2-n5-base');
  });

  it("tell which deltas follow a base: its owner's, without a gap", () => {
    const base = { epoch: 2, number: 5 };
    const [six, seven, nine] = [6, 7, 9].map((number) => deltaName({ epoch: 2, number }));
    const listing = readListing([baseName(base), seven ?? '', nine ?? '', six ?? '', 'e1-n8-delta', 'e2-n10-base']);
    const rows = listing.bases.map((one) => deltasOf(one, listing).map(({ name }) => name));
    expect(rows).toEqual([[], [six, seven]]);
  });

  it('leave everything else unmentioned', () => {
    const names = ['.', 'e-n1-base', 'e1-n1-base~', 'xe1-n1-base', 'e1-n1-base.tmp.tmp', 'e1', 'e4294967295-claim'];
    expect(readListing([...names, 'e99999999999-claim', 'e1-n1-base\n'])).toEqual({
      bases: [],
      deltas: [],
      claims: [],
      unfinished: [],
      corrupt: [],
      epochMax: 0,
      numberMax: 0,
    });
  });
});

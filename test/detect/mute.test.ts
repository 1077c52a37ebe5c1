import { describe, expect, it } from 'vitest';
import { mutedUntilMs } from '../../src/detect/mute.ts';

const NAMES = ['dc', 'host'];

function mute(untilMs: number, labels: Readonly<Record<string, string>> = {}) {
  const series = Object.entries(labels).map(([label, value]) => ({ label, value }));
  return { series, untilMs, reason: undefined };
}

describe('a series is muted', () => {
  it('by any mute whose labels it all has, until the last one ends', () => {
    const mutes = [mute(5, { host: 'a' }), mute(9, { host: 'a', dc: 'x' }), mute(7, { dc: 'x' })];
    expect(mutedUntilMs(mutes, NAMES, ['x', 'a'])).toBe(9);
    expect(mutedUntilMs(mutes, NAMES, ['y', 'a'])).toBe(5);
    expect(mutedUntilMs(mutes, NAMES, ['x', 'b'])).toBe(7);
  });

  it('never where no mute is about it', () => {
    expect(mutedUntilMs([mute(5, { host: 'a' })], NAMES, ['x', 'A'])).toBe(Number.NEGATIVE_INFINITY);
    expect(mutedUntilMs([], NAMES, ['x', 'a'])).toBe(Number.NEGATIVE_INFINITY);
  });

  it('by one without labels, whatever its own', () => {
    expect(mutedUntilMs([mute(5)], NAMES, ['x', 'a'])).toBe(5);
    expect(mutedUntilMs([mute(5)], [], [])).toBe(5);
  });
});

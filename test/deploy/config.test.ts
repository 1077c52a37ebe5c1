import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { load } from '../../src/config/load.ts';

const path = join(import.meta.dirname, '../../deploy/gruard/gruard.yaml');

describe("the demo's configuration", () => {
  it('is valid, without warnings', () => {
    const loaded = load([path], {});
    expect(loaded.ok || loaded.text).toBe(true);
    expect(loaded.ok && loaded.warnings).toEqual([]);
  });

  it('keeps each episode open for at least two scrapes, so that Prometheus sees it', () => {
    const loaded = load([path], {});
    if (!loaded.ok) throw new Error(loaded.text);
    const [stream] = loaded.settings.streams;
    const tickSeconds = 2;
    const scrapeSeconds = 5;
    // The window that opens it and those that must be usual before it closes; one window a tick.
    const openWindows = 1 + (stream?.detect.recover.hits ?? 0);
    expect(openWindows * tickSeconds).toBeGreaterThanOrEqual(2 * scrapeSeconds);
  });
});

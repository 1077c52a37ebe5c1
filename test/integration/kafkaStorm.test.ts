import { describe, expect, inject, it } from 'vitest';
import { HOSTS } from '../support/kafkaFleet.ts';
import { kafkaToolsReady } from '../support/kafkaTools.ts';
import { stormRun } from '../support/storm.ts';

const brokers = inject('brokers');

describe.runIf(kafkaToolsReady(brokers))('a group in which processes come and go all the time', () => {
  it('ends as an undisturbed run, and never stands still for long', { timeout: 180_000 }, async () => {
    const facts = await stormRun({ brokers, seconds: 15, everyMs: 2_500, zombieMs: 5_000 });
    console.log(`${facts.visitors} visitors, ${facts.records} records, still for ${facts.stillSeconds.toFixed(1)} s`);
    expect(facts.visitors).toBeGreaterThanOrEqual(1);
    expect(facts.stillSeconds).toBeLessThan(30);
    expect(new Set(facts.exits)).toEqual(new Set([0]));
    expect(facts.states[0]).toEqual(facts.states[1]);
    expect(facts.events[1].length).toBeGreaterThanOrEqual(HOSTS.length);
    expect(facts.events[0]).toEqual(facts.events[1]);
  });
});

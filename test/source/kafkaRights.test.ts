import { describe, expect, it } from 'vitest';
import type { Settings } from '../../src/settings.ts';
import { lackText, permission, rightsFor } from '../../src/source/kafkaRights.ts';

function settings(topics: readonly string[], store: 'file' | 'kafka', events?: string): Settings {
  const state = { store, kafka: { topic: '{group}-{topic}-state', replication: 1 } };
  // Only what decides about rights.
  return { kafka: { group: 'g' }, streams: [{ topics }], sinks: { events }, state } as unknown as Settings;
}

const texts = (...of: Parameters<typeof rightsFor>): string =>
  lackText(rightsFor(...of)).replace('this user lacks ', '');

describe('what a user must be allowed', () => {
  it('is to read topics and group, and to write what gruard writes', () => {
    expect(texts(settings(['a', 'b'], 'file', 'events'), ['a', 'b', 'events'])).toBe(
      'READ on topic a, READ on topic b, READ on group g, WRITE on topic events',
    );
  });

  it('counts a name that nobody sees, but no prefix, and never a topic of its own as an input', () => {
    expect(texts(settings(['a', 'm.*', 'x.*'], 'file', 'm.events'), ['m.1', 'm.events'])).toBe(
      'READ on topic m.1, READ on topic a, READ on group g, WRITE on topic m.events',
    );
  });

  it('is to make a state topic only where there is none', () => {
    const rest = 'READ on topic g-a-state, WRITE on topic g-a-state, DESCRIBE_CONFIGS on topic g-a-state';
    expect(texts(settings(['a'], 'kafka'), ['a', 'g-a-state'])).toBe(`READ on topic a, READ on group g, ${rest}`);
    expect(texts(settings(['a'], 'kafka'), ['a'])).toBe(
      `READ on topic a, READ on group g, CREATE on topic g-a-state, ${rest}`,
    );
  });

  it('is told as it is known', () => {
    expect(permission([])).toBe('permission of the brokers');
    expect(permission([{ operation: 'READ', on: 'group', name: 'g' }])).toBe(
      'permission of the brokers: this user lacks READ on group g',
    );
  });
});

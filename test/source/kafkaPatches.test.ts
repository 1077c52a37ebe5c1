import { createRequire } from 'node:module';
import { expect, it, vi } from 'vitest';
import { applyKafkaPatches, requireVersion } from '../../src/source/kafkaPatches.ts';

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as new (
  options: object,
) => Queue;

function newQueue(): Queue {
  const logger = { debug: () => {} };
  return new RequestQueue({ maxInFlightRequests: 0, requestTimeout: 1, clientId: 'c', broker: 'b', logger });
}

it('refuses every version but the one that the patches were written for', () => {
  expect(() => requireVersion('2.2.4')).not.toThrow();
  for (const version of ['2.2.3', '2.2.5', '3.0.0']) expect(() => requireVersion(version)).toThrow(version);
});

it('is needed: stock kafkajs arms a timer although nothing waits', () => {
  vi.useFakeTimers();
  try {
    newQueue().checkPendingRequests();
    expect(vi.getTimerCount()).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});

it('arms the timer only while requests wait or the broker throttles, and only once', () => {
  applyKafkaPatches(() => {});
  vi.useFakeTimers();
  try {
    const queue = newQueue();
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
    const checks = vi.spyOn(queue, 'checkPendingRequests').mockImplementation(() => {});
    queue.throttledUntil = Date.now() + 500;
    queue.scheduleCheckPendingRequests();
    queue.scheduleCheckPendingRequests();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(499);
    expect(checks).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(checks).toHaveBeenCalledTimes(1);
    expect(queue.throttleCheckTimeoutId).toBeNull();
    queue.pending = ['a request'];
    queue.scheduleCheckPendingRequests();
    vi.advanceTimersByTime(10);
    expect(checks).toHaveBeenCalledTimes(2);
  } finally {
    vi.useRealTimers();
  }
});

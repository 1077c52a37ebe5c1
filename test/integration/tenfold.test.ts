import { describe, expect, inject, it } from 'vitest';
import { broken, tenfold } from '../soak/tenfold.ts';
import { kafkaToolsReady } from '../support/kafkaTools.ts';
import { leaveOut } from '../support/required.ts';

const brokers = inject('brokers');
/** Ten times what a quiet machine takes: this one runs other tests, too. */
const ANSWER_MS_MAX = 1_000;

describe.runIf(kafkaToolsReady(brokers))('ten times more than it can take, in 512 MB', { timeout: 300_000 }, () => {
  it('grows the lag and not the memory, drops nothing, and answers all the while', async (context) => {
    const told = await tenfold(brokers, 15);
    if (typeof told === 'string') {
      leaveOut(told, 'memory at ten times the load');
      return context.skip();
    }
    console.log('ten times the load:', JSON.stringify(told));
    expect(broken(told, ANSWER_MS_MAX)).toEqual([]);
  });
});

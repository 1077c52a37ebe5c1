import { describe, expect, it } from 'vitest';
import { newWave } from '../../src/domain.ts';
import { takeSlot } from '../../src/kernel/bank.ts';
import { hasRoom } from '../../src/window/state.ts';
import { newStage } from './stage.ts';

it('has room in a wave for each series once, as long as rows are left', () => {
  const { state } = newStage();
  const wave = newWave(2);
  state.wave = 5;
  expect(hasRoom(state, wave, 0, 0, 0)).toBe(true);
  state.waveOf[0] = 5;
  wave.count = 1;
  expect([hasRoom(state, wave, 0, 0, 0), hasRoom(state, wave, 1, 0, 0)]).toEqual([false, true]);
  wave.count = 2;
  expect(hasRoom(state, wave, 1, 0, 0)).toBe(false);
  state.wave = 6;
  wave.count = 0;
  expect(hasRoom(state, wave, 0, 0, 0)).toBe(true);
});

describe('fields of one series', () => {
  /** A wave with the window of field 0 of the series at slots 0 to 2, at time 10. */
  function begun(rows: number, every: 'auto' | 'record' = 'auto') {
    const { state } = newStage({ fields: 2, every: { kind: every } });
    const wave = newWave(rows);
    for (let n = 0; n < 6; n++) takeSlot(state.table.bank);
    expect(hasRoom(state, wave, 0, 10, 7)).toBe(true);
    state.waveOf[0] = state.wave;
    wave.count = 1;
    wave.steps = 1;
    wave.startMs[0] = 10;
    wave.offset[0] = 7;
    return { state, wave };
  }

  it('find room together, and a window of another time in another wave', () => {
    const { state, wave } = begun(6);
    expect(hasRoom(state, wave, 1, 10, 8)).toBe(true);
    expect(hasRoom(state, wave, 1, 20, 7)).toBe(false);
    expect(hasRoom(state, wave, 0, 10, 7)).toBe(false);
    wave.slot[1] = 1;
    wave.startMs[1] = 10;
    wave.count = 2;
    expect(hasRoom(state, wave, 3, 10, 7)).toBe(true);
  });

  it('find no room where the row for all of them would have none', () => {
    const { state, wave } = begun(4);
    expect(hasRoom(state, wave, 3, 10, 7)).toBe(false);
    expect(hasRoom(state, wave, 1, 10, 7)).toBe(true);
    expect(() => hasRoom(state, newWave(2), 3, 10, 7)).toThrow(RangeError);
  });

  it('where each record is a window come from the same record', () => {
    const { state, wave } = begun(6, 'record');
    expect(hasRoom(state, wave, 1, 10, 7)).toBe(true);
    expect(hasRoom(state, wave, 1, 10, 8)).toBe(false);
  });
});

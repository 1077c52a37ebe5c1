import { expect, it } from 'vitest';
import { newWave } from '../../src/domain.ts';
import { hasRoom } from '../../src/window/state.ts';
import { newStage } from './stage.ts';

it('has room in a wave for each series once, as long as rows are left', () => {
  const { state } = newStage();
  const wave = newWave(2);
  state.wave = 5;
  expect(hasRoom(state, wave, 0)).toBe(true);
  state.waveOf[0] = 5;
  wave.count = 1;
  expect([hasRoom(state, wave, 0), hasRoom(state, wave, 1)]).toEqual([false, true]);
  wave.count = 2;
  expect(hasRoom(state, wave, 1)).toBe(false);
  state.wave = 6;
  wave.count = 0;
  expect(hasRoom(state, wave, 0)).toBe(true);
});

import { expect, it } from 'vitest';
import * as z from 'zod';
import { told, wordsOf } from '../../src/config/words.ts';

it('keeps the words of a type through a description, and gives none to others', () => {
  const type = told(z.string(), 'be a name', 'Write one.');
  expect(wordsOf(type)).toEqual({ must: 'be a name', fix: 'Write one.' });
  expect(wordsOf(type.describe('x'))).toEqual({ must: 'be a name', fix: 'Write one.' });
  expect(wordsOf(z.string())).toBeUndefined();
  const choice = told(z.enum(['a']), 'be a', 'Write a.', ['a']);
  expect(wordsOf(choice)).toEqual({ must: 'be a', fix: 'Write a.', choices: ['a'] });
});

import { afterEach, expect, it, vi } from 'vitest';
import { runSchema } from '../../src/cli/schema.ts';
import { generatedJsonSchema } from '../../src/config/schema.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

function printed(argv: readonly string[]): string {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  expect(runSchema(argv)).toBe(0);
  return text;
}

it('prints the JSON Schema', () => {
  expect(JSON.parse(printed(['schema']))).toEqual(JSON.parse(JSON.stringify(generatedJsonSchema())));
});

it('helps with two examples', () => {
  expect(printed(['--help']).split('examples:\n')[1]?.trim().split('\n')).toHaveLength(2);
});

it.each([[[]], [['show']], [['schema', 'x']]])('knows nothing else: %j', (argv) => {
  expect(() => runSchema(argv)).toThrow(expect.objectContaining({ code: 'usage' }));
});

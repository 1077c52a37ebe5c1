// `gruard config schema`.

import { parseArgs } from 'node:util';
import { generatedJsonSchema } from '../config/schema.ts';
import { GruardError } from '../errors.ts';

const HELP = `gruard config schema: prints the JSON Schema of the configuration.

usage: gruard config schema

Editors complete and check a file that begins with the line
  # yaml-language-server: $schema=./gruard.schema.json

examples:
  gruard config schema > gruard.schema.json
  npm run --silent gruard -- config schema > config/gruard.schema.json && npm run format
`;

/** `gruard config …`; answers the exit code. */
export function runSchema(argv: readonly string[]): number {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  if (positionals.length !== 1 || positionals[0] !== 'schema') {
    throw new GruardError('usage', 'gruard config knows two words: schema and hash.');
  }
  process.stdout.write(`${JSON.stringify(generatedJsonSchema(), null, 2)}\n`);
  return 0;
}

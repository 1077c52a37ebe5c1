// argv → command → exit code. Every failure ends here in one message that says what, where and what to do.

import { ERRORS, GruardError } from '../errors.ts';
import { backtest } from './backtest.ts';
import { demo } from './demo.ts';
import { runHash } from './hash.ts';
import { run } from './run.ts';
import { runSchema } from './schema.ts';
import { validateCommand } from './validateCommand.ts';
import { version } from './version.ts';

const HELP = `gruard watches numeric streams on Kafka and tells which values are anomalous.

usage: gruard COMMAND [OPTIONS]            in a clone: npm run gruard -- COMMAND [OPTIONS]

  demo                 runs on generated streams: no Kafka, no configuration
  run FILE…            runs the daemon with a configuration (a YAML file or a directory)
  backtest FILE.csv…   runs CSV files through the detector, and writes a report to look at
  validate FILE…       checks a configuration and the brokers, topics and directories it names
  config schema        prints the JSON Schema of the configuration, for editors
  config hash          makes of a password what http.auth.basic holds

  --help, -h           help of gruard, or of a command
  --version            version

examples:
  gruard demo --until first-anomaly
  gruard run gruard.yaml --listen 127.0.0.1:9500
`;

/** Answers the process's exit code; never throws. */
export async function execute(argv: readonly string[]): Promise<number> {
  const [command = '--help', ...rest] = argv;
  try {
    switch (command) {
      case 'demo':
        return await demo(rest);
      case 'run':
        return await run(rest);
      case 'backtest':
        return await backtest(rest);
      case 'validate':
        return await validateCommand(rest);
      case 'config':
        return rest[0] === 'hash' ? await runHash(rest.slice(1)) : runSchema(rest);
      case '--help':
      case '-h':
      case 'help':
        process.stdout.write(HELP);
        return 0;
      case '--version':
        process.stdout.write(`${version()}\n`);
        return 0;
      default:
        throw new GruardError('usage', `there is no command ${JSON.stringify(command)}.`);
    }
  } catch (error) {
    return complain(error);
  }
}

function complain(error: unknown): number {
  if (error instanceof GruardError) {
    process.stderr.write(`gruard: error[${error.code}] ${error.message}\n  fix: ${ERRORS[error.code].remedy}\n`);
    return ERRORS[error.code].exit;
  }
  if (isUsage(error)) {
    process.stderr.write(`gruard: error[usage] ${error.message}\n  fix: ${ERRORS.usage.remedy}\n`);
    return ERRORS.usage.exit;
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n  fix: ${ERRORS.internal.remedy}\n`);
  return ERRORS.internal.exit;
}

/** What `parseArgs` throws for unknown options and missing values. */
function isUsage(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

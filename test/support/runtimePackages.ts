// Every package that runs in the daemon, as somebody has looked at it: version and licence. A package that comes, goes
// or changes is a line here, and a reviewer's look at its code.

export const RUNTIME_PACKAGES: Readonly<Record<string, readonly [version: string, licence: string]>> = {
  '@opentelemetry/api': ['1.10.0', 'Apache-2.0'],
  '@pinojs/redact': ['0.4.0', 'MIT'],
  'atomic-sleep': ['1.0.0', 'MIT'],
  bintrees: ['1.0.2', 'MIT'],
  kafkajs: ['2.2.4', 'MIT'],
  'on-exit-leak-free': ['2.1.2', 'MIT'],
  pino: ['10.4.0', 'MIT'],
  'pino-abstract-transport': ['3.0.0', 'MIT'],
  'pino-std-serializers': ['7.1.0', 'MIT'],
  'process-warning': ['5.1.1', 'MIT'],
  'prom-client': ['15.1.3', 'Apache-2.0'],
  'quick-format-unescaped': ['4.0.4', 'MIT'],
  'real-require': ['1.0.0', 'MIT'],
  rxjs: ['7.8.2', 'Apache-2.0'],
  'safe-stable-stringify': ['2.5.0', 'MIT'],
  'sonic-boom': ['4.2.1', 'MIT'],
  split2: ['4.2.0', 'ISC'],
  tdigest: ['0.1.3', 'MIT'],
  'thread-stream': ['4.2.1', 'MIT'],
  tslib: ['2.9.1', '0BSD'],
  yaml: ['2.9.1', 'ISC'],
  zod: ['4.6.7', 'MIT'],
};

/** Largest number of packages that run. */
export const RUNTIME_PACKAGES_MAX = 25;

/** Licences that put no condition on programs beside them. */
export const PERMISSIVE = /^(?:MIT|ISC|0BSD|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|BlueOak-1\.0\.0)$/;

/** Programs that may run while packages are installed: Node's, which fetches Node. */
export const INSTALL_SCRIPTS: readonly string[] = ['node'];

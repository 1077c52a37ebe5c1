// The jars of an Apache Kafka: Maven resolves them once into .kafka/. KAFKA_VERSION chooses another release than the
// default; 3.9.1 is the oldest that works.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '../..');
const defaultVersion = '4.1.1';
const javaMin = 17;

/** Says what was not tested and why; a failure where nothing may be left out. */
export function leaveOut(reason: string): void {
  const line = `Kafka integration tests are left out: ${reason}`;
  if (process.env['GRUARD_NO_SKIP'] === '1') throw new Error(line);
  console.warn(line);
}

/** What must be installed before a broker can be started here; undefined when nothing. */
export function missingTools(): string | undefined {
  const java = javaVersion();
  const remedy = `install Java ${javaMin} or newer and Maven, or set KAFKA_BROKERS=host:port`;
  if (java === undefined) return `no Java was found; ${remedy}.`;
  if (java < javaMin) return `Java ${java} is too old; ${remedy}.`;
  if (!existsSync(jarFolder(chosenVersion())) && !canRun('mvn', ['--version'])) return `no Maven was found; ${remedy}.`;
  return undefined;
}

/** Jars of a broker, and of the Java client; Maven brings them with the first broker. */
export function jarFolder(version = chosenVersion()): string {
  return join(repository, '.kafka', `libs-${version}`);
}

/** Arguments of `java` in front of the class to run. */
export function javaOptions(jars: string): string[] {
  // Starts count here, not throughput: the second compiler does not pay.
  return [
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-Xshare:auto',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-cp',
    join(jars, '*'),
  ];
}

/** Maven copies the jars beside their place first, so that a run that was cut off leaves nothing half done. */
export function resolveJars(version: string): string {
  const jars = jarFolder(version);
  if (existsSync(jars)) return jars;
  mkdirSync(join(repository, '.kafka'), { recursive: true });
  const partial = mkdtempSync(join(repository, '.kafka/partial-'));
  const args = [
    '-B',
    '-q',
    '-Dstyle.color=never',
    '-f',
    join(import.meta.dirname, 'pom.xml'),
    `-Dkafka.version=${version}`,
  ];
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${partial}`];
  execFileSync('mvn', [...args, ...goal], { stdio: ['ignore', 'inherit', 'inherit'] });
  try {
    renameSync(partial, jars);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(jars)) throw error;
  }
  return jars;
}

export function chosenVersion(): string {
  return process.env['KAFKA_VERSION'] || defaultVersion;
}

function javaVersion(): number | undefined {
  try {
    const text = execFileSync('sh', ['-c', 'java -version 2>&1'], { encoding: 'utf8' });
    return Number(/version "(\d+)/.exec(text)?.[1] ?? Number.NaN) || undefined;
  } catch {
    return undefined;
  }
}

function canRun(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

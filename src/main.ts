#!/usr/bin/env node
// Nothing may be imported statically here that an old Node cannot link: the version check must be the first to speak.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`gruard needs Node 22.18 or newer; this is ${process.version}. In a clone: npm ci && npm start.`);
  process.exit(69);
}
const { execute } = await import('./cli/commands.ts');
process.exitCode = await execute(process.argv.slice(2));

export {};

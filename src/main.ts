#!/usr/bin/env node
// Everything else is loaded after this check: an older Node must get one clear line, not a stack trace.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  process.stderr.write(`unsprawl needs Node 24 or newer; this is ${process.versions.node}\n`);
  process.exit(2);
}
// Libraries that log their requests when asked by DEBUG would log values.
delete process.env["DEBUG"];
delete process.env["NODE_DEBUG"];
const { main } = await import("./cli/index.ts");
const code = await main(process.argv.slice(2));
// All results are written and flushed here; what a library still holds open must not keep the process.
process.exit(code);

export {};

// Preloaded by the leak test: appends every file write and every process start of unsprawl to RECORD_FILE (on tmpfs),
// so that what exists for a moment only is seen too. Needs no hook in the product.
import childProcess from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";

// Threads preload this too; processes that it starts do not get to know the file.
const file = process.env.RECORD_FILE ?? getEnvironmentData("RECORD_FILE");
delete process.env.RECORD_FILE;
setEnvironmentData("RECORD_FILE", file);
const record = fs.openSync(file, "a", 0o600);
const { writeSync, readlinkSync } = fs;
const note = (kind, what, data) => writeSync(record, `${JSON.stringify({ kind, what, data })}\n`);
const text = (data) =>
  typeof data === "string"
    ? data
    : ArrayBuffer.isView(data)
      ? Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("utf8")
      : String(data);
const pathOf = (target) => {
  if (typeof target !== "number") return String(target);
  try {
    return readlinkSync(`/proc/self/fd/${target}`);
  } catch {
    return String(target);
  }
};

for (const name of ["writeSync", "writeFileSync", "appendFileSync", "write", "writeFile", "appendFile"]) {
  const original = fs[name];
  fs[name] = (target, data, ...rest) => {
    note("write", pathOf(target?.fd ?? target), text(data));
    return original(target, data, ...rest);
  };
}
for (const name of ["writeFile", "appendFile"]) {
  const original = fs.promises[name];
  fs.promises[name] = (target, data, ...rest) => {
    note("write", pathOf(target?.fd ?? target), text(data));
    return original(target, data, ...rest);
  };
}
const handle = await fs.promises.open("/dev/null", "r");
const prototype = Object.getPrototypeOf(handle);
await handle.close();
for (const name of ["write", "writeFile", "appendFile"]) {
  const original = prototype[name];
  prototype[name] = function (data, ...rest) {
    note("write", pathOf(this.fd), text(data));
    return original.call(this, data, ...rest);
  };
}
const start = childProcess.ChildProcess.prototype.spawn;
childProcess.ChildProcess.prototype.spawn = function (options) {
  note("spawn", options.file, JSON.stringify([options.args, options.envPairs]));
  return start.call(this, options);
};
// A program that replaces itself is watched on.
const { execve } = process;
process.execve = (program, args, env) => execve.call(process, program, args, { ...env, RECORD_FILE: file });
syncBuiltinESMExports();

// What the leak tests see of a command: every file write and every process start, so that what exists for a moment only is
// seen too. Needs no hook in the product.
import childProcess from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { readlinkSync } = fs;
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
const handle = await fs.promises.open("/dev/null", "r");
const ofHandles = Object.getPrototypeOf(handle);
await handle.close();

/** From now on `note(kind, what, data)` is called for each; the result stops it. */
export function startRecording(note) {
  const restore = [];
  const replace = (holder, name, made) => {
    const original = holder[name];
    holder[name] = made(original);
    restore.push(() => (holder[name] = original));
  };
  const noteWrites = (holder, names) => {
    for (const name of names)
      replace(
        holder,
        name,
        (original) =>
          function (...args) {
            const [target, data] = holder === ofHandles ? [this.fd, args[0]] : args;
            note("write", pathOf(target?.fd ?? target), text(data));
            return original.apply(this, args);
          },
      );
  };
  noteWrites(fs, ["writeSync", "writeFileSync", "appendFileSync", "write", "writeFile", "appendFile"]);
  noteWrites(fs.promises, ["writeFile", "appendFile"]);
  noteWrites(ofHandles, ["write", "writeFile", "appendFile"]);
  replace(
    childProcess.ChildProcess.prototype,
    "spawn",
    (original) =>
      function (options) {
        note("spawn", options.file, JSON.stringify([options.args, options.envPairs]));
        return original.call(this, options);
      },
  );
  syncBuiltinESMExports();
  return () => {
    for (const back of restore) back();
    syncBuiltinESMExports();
  };
}

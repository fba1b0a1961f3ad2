// Preloaded by the kill tests: ends the process by SIGKILL around its Nth synchronous write, which is how the journal
// records a step and how values reach tmpfs. Even numbers die before the write (the effect before it was done, and is
// not recorded), odd ones after it (an intent is recorded, its effect was not begun). The product needs no hook for it.
// KILL_FROM begins to count with the write that holds this text, and then counts what happens to files beside the
// journal as well: a file is written under another name, renamed, removed.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const at = Number(process.env.KILL_AT_WRITE ?? -1);
const from = process.env.KILL_FROM;
let counts = from === undefined;
let count = 0;
const die = () => process.kill(process.pid, "SIGKILL");
const boundary = () => counts && count++ === at && die();

const write = fs.writeSync;
fs.writeSync = (...args) => {
  counts ||= Buffer.from(args[1]).includes(from);
  boundary();
  const result = write(...args);
  boundary();
  return result;
};

const around = (holder, name) => {
  const original = holder[name];
  holder[name] = async function (...args) {
    boundary();
    const result = await original.apply(this, args);
    boundary();
    return result;
  };
};
if (from !== undefined) {
  const handle = await fs.promises.open("/dev/null", "r");
  around(Object.getPrototypeOf(handle), "writeFile");
  await handle.close();
  for (const name of ["rename", "rm"]) around(fs.promises, name);
}
syncBuiltinESMExports();

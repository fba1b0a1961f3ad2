// Preloaded by the kill test: ends the process by SIGKILL around its Nth synchronous write, which is how the journal
// records a step and how values reach tmpfs. Even numbers die before the write (the effect before it was done, and is
// not recorded), odd ones after it (an intent is recorded, its effect was not begun). The product needs no hook for it.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const at = Number(process.env.KILL_AT_WRITE ?? -1);
let count = 0;
const write = fs.writeSync;
const die = () => process.kill(process.pid, "SIGKILL");
fs.writeSync = (...args) => {
  if (count++ === at) die();
  const result = write(...args);
  if (count++ === at) die();
  return result;
};
syncBuiltinESMExports();

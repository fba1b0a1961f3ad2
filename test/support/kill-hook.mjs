// Preloaded by the kill test: ends the process by SIGKILL at its Nth fsync, which is where the journal and the stores
// make a step durable. Even numbers die just before the sync, odd ones just after. No hook in the product is needed.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const at = Number(process.env.KILL_AT_SYNC ?? -1);
let count = 0;
const sync = fs.fsyncSync;
const die = () => process.kill(process.pid, "SIGKILL");
fs.fsyncSync = (fd) => {
  if (count++ === at) die();
  const result = sync(fd);
  if (count++ === at) die();
  return result;
};
syncBuiltinESMExports();

// Preloaded by the kill tests: ends the process by SIGKILL around its Nth effect. The product needs no hook for it.
// Effects are synchronous writes, which is how the journal records a step and how values reach tmpfs; even numbers die
// before the write (the effect before it was done, and is not recorded), odd ones after it (an intent is recorded, its
// effect was not begun).
// KILL_AT_WRITE  the number of the boundary to die at.
// KILL_AT_KIND   in its place `N KIND`: the boundary of that kind that N of its kind come before.
// KILL_SIGNAL    another signal than SIGKILL.
// KILL_FROM      counting begins with the write that holds this text, and then includes what happens to files beside the
//                journal: a file is written under another name, renamed, removed.
// KILL_RECORD    a file that gets one line a boundary: its kind, by which test/support/kill.ts chooses.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { basename, dirname, extname } from "node:path";

const at = Number(process.env.KILL_AT_WRITE ?? -1);
const from = process.env.KILL_FROM;
const recorded = process.env.KILL_RECORD;
const { writeSync, appendFileSync, readlinkSync } = fs;
let counts = from === undefined;
const [, nth, wanted] = /^(\d+) (.*)$/.exec(process.env.KILL_AT_KIND ?? "") ?? [];
let count = 0;
let ofKind = 0;

const boundary = (kind) => {
  if (!counts) return;
  if (recorded !== undefined) appendFileSync(recorded, `${kind}\n`);
  if (count++ === at || (kind === wanted && ofKind++ === Number(nth)))
    process.kill(process.pid, process.env.KILL_SIGNAL ?? "SIGKILL");
};

/** A record's kind is its state and step without the names in it; a file's is the folder that it is in. */
const kindOf = (fd, text) => {
  try {
    const { step, state } = JSON.parse(text);
    const detail = step.includes("/") ? step.slice(step.lastIndexOf("/") + 1) : "";
    return `${state} ${step.split(":")[0]}${/^[a-z]{3,12}$/.test(detail) ? `/${detail}` : ""}`;
  } catch {
    try {
      return `write ${basename(dirname(readlinkSync(`/proc/self/fd/${fd}`)))}`;
    } catch {
      return "write";
    }
  }
};

fs.writeSync = (...args) => {
  const bytes = Buffer.from(args[1]);
  if (from !== undefined) counts ||= bytes.includes(from);
  const kind = kindOf(args[0], bytes.toString("utf8"));
  boundary(`before ${kind}`);
  const result = writeSync(...args);
  boundary(`after ${kind}`);
  return result;
};

const around = (holder, name) => {
  const original = holder[name];
  holder[name] = async function (...args) {
    // By the ending that a file has or is to have, unless it is made up of something random.
    const file = { rename: args[1], rm: args[0] }[name] ?? "";
    const kind = `${name} ${/^\.[a-z]{1,8}$/.exec(extname(file))?.[0] ?? ""}`.trimEnd();
    boundary(`before ${kind}`);
    const result = await original.apply(this, args);
    boundary(`after ${kind}`);
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

// Preloaded into a process that shall take itself for one on Windows or macOS: user ids are unknown there, and whoever looks
// into /proc or /sys is named on stderr, even if it catches the error.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

Object.defineProperty(process, "platform", { value: process.env.UNSPRAWL_TEST_PLATFORM });
for (const name of ["getuid", "geteuid", "getgid", "getegid", "getgroups"]) process[name] = undefined;

function guard(functions) {
  for (const [name, act] of Object.entries(functions)) {
    if (typeof act !== "function" || /^[A-Z_]/.test(name)) continue;
    const guarded = function (path, ...rest) {
      if (!/^\/(?:proc|sys)(?:\/|$)/.test(String(path))) return act.call(this, path, ...rest);
      process.stderr.write(`only Linux has ${String(path)} (${name})\n`);
      throw Object.assign(new Error(`no such file: ${String(path)}`), { code: "ENOENT" });
    };
    functions[name] = Object.assign(guarded, act);
  }
}

guard(fs);
guard(fs.promises);
syncBuiltinESMExports();

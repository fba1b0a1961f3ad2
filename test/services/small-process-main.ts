/* Starts programs for a test worker, one after the other: see small-process.ts. */
import { spawnSync } from "node:child_process";
import { openSync } from "node:fs";
import { receivePiece, sendPiece, type SmallRan, type SmallRun } from "./small-process.ts";

const [, , asked = "", answered = ""] = process.argv;
const [requests, answers] = [openSync(asked, "r"), openSync(answered, "w")];
sendPiece(answers, "ready");
for (let next = receivePiece(requests); next !== null; next = receivePiece(requests)) {
  const { program, args, cwd, env } = next as SmallRun;
  const ran = spawnSync(program, [...args], {
    cwd,
    env: { ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 28,
  });
  const { status, stdout, stderr, error } = ran;
  const fault = error?.message ?? (status === null ? `ended by ${ran.signal ?? "a signal"}` : null);
  sendPiece(answers, { status, stdout: stdout ?? "", stderr: stderr ?? "", fault } satisfies SmallRan);
}

import { closeSync, constants, fsyncSync, openSync, writeSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { fileError } from "../kit/io/error.ts";
import type { Fingerprint } from "../model/fingerprint.ts";

/**
 * Records that someone is about to see a value, in `reveals.jsonl` in the state folder (0600, append-only, synced):
 * who, when and which fingerprint, never the value. Throws if it cannot be written; then nothing may be shown.
 */
export function recordReveal(state: string, fingerprint: Fingerprint, now: Date, env: NodeJS.ProcessEnv): void {
  const file = join(state, "reveals.jsonl");
  const behind = env["SUDO_USER"];
  const record = {
    version: 1,
    at: now.toISOString(),
    who: userName(),
    ...(behind ? { sudo: behind } : {}),
    fingerprint,
  };
  const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW } = constants;
  try {
    const fd = openSync(file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
    try {
      writeSync(fd, `${JSON.stringify(record)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw fileError(error, file);
  }
}

/** The user's name; the numeric id if the password database has no entry. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

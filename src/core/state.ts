import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { statePath } from "../kit/io/state-path.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import { fingerprintKey, type FingerprintKey } from "../model/fingerprint.ts";

export { statePath };

/** The state's folder, created 0700. */
export function stateDir(env: NodeJS.ProcessEnv): string {
  const dir = statePath(env);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    chmodSync(dir, 0o700);
  } catch (error) {
    throw new UnsprawlError(
      "failed",
      `cannot create the state folder ${dir}`,
      "set XDG_STATE_HOME to a folder that can be written",
      causeOf(error),
    );
  }
  return dir;
}

/**
 * The installation's fingerprint key: from UNSPRAWL_FINGERPRINT_KEY_FILE (a fleet shares one), else made on first use,
 * 0600. Two processes that start at once get the same key. Throws `config` when the file is not at least 32 bytes.
 */
export function loadFingerprintKey(env: NodeJS.ProcessEnv): FingerprintKey {
  const shared = env["UNSPRAWL_FINGERPRINT_KEY_FILE"];
  const file = shared || join(stateDir(env), "fingerprint.key");
  const found = read(file);
  if (found) return fingerprintKey(found);
  if (shared)
    throw new UnsprawlError(
      "config",
      `no fingerprint key can be read in ${file}`,
      "head -c 32 /dev/urandom > FILE makes one",
    );
  const fresh = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    const fd = openSync(fresh, "wx", 0o600);
    const written = writeSync(fd, randomBytes(32));
    fsyncSync(fd);
    closeSync(fd);
    if (written < 32) throw Object.assign(new Error("short write"), { code: "ENOSPC" });
    linkSync(fresh, file); // fails when another process was first: its key holds
  } catch (error) {
    const { code } = error as { code?: string };
    const why = code === "ENOSPC" ? "no space left for" : "cannot write";
    if (code !== "EEXIST")
      throw new UnsprawlError(
        "failed",
        `${why} the fingerprint key ${file}`,
        "make room in the state folder (XDG_STATE_HOME), then try again",
        causeOf(error),
      );
  } finally {
    rmSync(fresh, { force: true });
  }
  const made = read(file);
  if (!made) throw new UnsprawlError("failed", `cannot read back the fingerprint key ${file}`);
  return fingerprintKey(made);
}

function read(file: string): Buffer | null {
  try {
    const key = readFileSync(file);
    if (key.length >= 32) return key;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw new UnsprawlError("denied", `cannot read the fingerprint key ${file}`, "run as its owner", causeOf(error));
  }
  throw new UnsprawlError(
    "config",
    `the fingerprint key ${file} is shorter than 32 bytes`,
    "head -c 32 /dev/urandom > FILE makes a new one; fingerprints change with it",
  );
}

import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { takeLock, type Lock } from "../../kit/io/lock.ts";
import { statePath } from "../../kit/io/state-path.ts";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import { fingerprintKey, type FingerprintKey } from "../../model/fingerprint.ts";
import { openSealedKey, sealKey } from "./sealed-key.ts";
import { makeFolders } from "../../kit/io/folders.ts";

export { statePath };

/** The state folder, created with mode 0700. */
export function stateDir(env: NodeJS.ProcessEnv): string {
  const dir = statePath(env);
  try {
    makeFolders(dir, 0o700);
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
 * The installation's fingerprint key: from UNSPRAWL_FINGERPRINT_KEY_FILE (shared by a fleet), otherwise created on
 * first use as `fingerprint.cred`, sealed to this host, or as `fingerprint.key` (0600) where sealing is not possible.
 * Processes that start at once get the same key, even if only one of them can seal it. Throws `config` if the file is
 * shorter than 32 bytes, `denied` if it cannot be opened.
 */
export function loadFingerprintKey(env: NodeJS.ProcessEnv, seal: typeof sealKey = sealKey): FingerprintKey {
  const shared = env["UNSPRAWL_FINGERPRINT_KEY_FILE"];
  if (shared) {
    const given = read(shared);
    if (given) return fingerprintKey(given);
    throw new UnsprawlError(
      "config",
      `no fingerprint key can be read in ${shared}`,
      "head -c 32 /dev/urandom > FILE makes one",
    );
  }
  const found = ownKey(env);
  if (found) return fingerprintKey(found);
  makeKeyOnce(env, seal);
  const made = ownKey(env);
  if (!made) throw new UnsprawlError("failed", `cannot read back the fingerprint key in ${stateDir(env)}`);
  return fingerprintKey(made);
}

/** Where the key is, as a phrase for `doctor`: what a copy of the state folder gives away. */
export function keyProtectionText(env: NodeJS.ProcessEnv): string {
  if (env["UNSPRAWL_FINGERPRINT_KEY_FILE"]) return "given by UNSPRAWL_FINGERPRINT_KEY_FILE";
  return !existsSync(keyFiles(env).sealed)
    ? "beside them in the clear: a copy of that folder lets weak values be guessed"
    : "sealed to this host: of no use in a copy of that folder";
}

type KeyFiles = { readonly open: string; readonly sealed: string };

function keyFiles(env: NodeJS.ProcessEnv): KeyFiles {
  const dir = stateDir(env);
  return { open: join(dir, "fingerprint.key"), sealed: join(dir, "fingerprint.cred") };
}

function ownKey(env: NodeJS.ProcessEnv): Buffer | null {
  const { open, sealed } = keyFiles(env);
  return openSealedKey(sealed) ?? read(open);
}

const PATIENCE_MS = 60_000;

/** Creates the key under a lock, unless another process already did. Throws `locked` on timeout. */
function makeKeyOnce(env: NodeJS.ProcessEnv, seal: typeof sealKey): void {
  const files = keyFiles(env);
  const made = (): boolean => existsSync(files.sealed) || existsSync(files.open);
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const lock = lockIn(stateDir(env));
    try {
      if (made()) return;
      if (lock !== "held") return makeKey(files, seal);
    } finally {
      if (typeof lock === "object") lock.release();
    }
    if (Date.now() > until)
      throw new UnsprawlError(
        "locked",
        "another unsprawl is making the fingerprint key",
        "try again once it has ended",
      );
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
}

/** Takes the lock for creating a key. `none` if the folder is not writable: creating the key reports that. */
function lockIn(state: string): Lock | "held" | "none" {
  try {
    return takeLock(state, "fingerprint-key", "making the fingerprint key") ?? "held";
  } catch (error) {
    if (error instanceof UnsprawlError) return "none";
    throw error;
  }
}

function makeKey({ open, sealed }: KeyFiles, seal: typeof sealKey): void {
  const key = randomBytes(32);
  const cred = seal(key);
  const file = cred === null ? open : sealed;
  const bytes = cred ?? key;
  const fresh = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    const fd = openSync(fresh, "wx", 0o600);
    const written = writeSync(fd, bytes);
    fsyncSync(fd);
    closeSync(fd);
    if (written < bytes.length) throw Object.assign(new Error("short write"), { code: "ENOSPC" });
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

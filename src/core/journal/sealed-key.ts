import { existsSync, readFileSync } from "node:fs";
import { causeOf, UnsprawlError } from "../../model/error.ts";

const PROGRAM = "/usr/bin/systemd-creds";
/** Bound into the sealed data: a credential with another name is not accepted as the key. */
const NAME = "unsprawl.fingerprint-key";
const PATIENCE_MS = 10_000;

/**
 * The key sealed to this host (systemd-creds, with the secret in /var/lib/systemd/credential.secret), so that a copy or
 * backup of the state folder is useless elsewhere. Null if that is not possible: no systemd-creds, not root, or the
 * host's key may not persist (`lasts`), as in a container. Uses the host's key without the TPM: sandboxed units have no
 * access to it, and losing it would make rollback impossible.
 */
export function sealKey(key: Buffer, lasts = !inContainer()): Buffer | null {
  if (!lasts || process.getuid?.() !== 0 || !existsSync(PROGRAM)) return null;
  try {
    const sealed = creds(["encrypt", "--with-key=host", `--name=${NAME}`, "-", "-"], key);
    return creds(["decrypt", `--name=${NAME}`, "-", "-"], sealed).equals(key) ? sealed : null;
  } catch {
    return null;
  }
}

/** Opens a sealed key file; null if it does not exist. Throws `denied` if this host cannot open it. */
export function openSealedKey(file: string): Buffer | null {
  try {
    return creds(["decrypt", `--name=${NAME}`, "-", "-"], readFileSync(file));
  } catch (error) {
    if ((error as { code?: string; path?: string }).path === file && (error as { code?: string }).code === "ENOENT")
      return null;
    throw new UnsprawlError(
      "denied",
      `the fingerprint key ${file} is sealed to one host, and cannot be opened here`,
      "run as root on the host that made it; or give the key by UNSPRAWL_FINGERPRINT_KEY_FILE",
      causeOf(error),
    );
  }
}

/** Whether /var/lib, where the host's key is, may be temporary: in a container, or without systemd. */
function inContainer(): boolean {
  if (["/.dockerenv", "/run/.containerenv", "/run/systemd/container"].some((file) => existsSync(file))) return true;
  try {
    return !existsSync("/run/systemd/system") || readFileSync("/proc/1/comm", "utf8").trim() !== "systemd"; // sd_booted(3)
  } catch {
    return true;
  }
}

function creds(args: readonly string[], input: Buffer): Buffer {
  // Loaded lazily: needed only for a sealed key.
  const { execFileSync } = process.getBuiltinModule("node:child_process");
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
  return execFileSync(PROGRAM, [...args], { input, env, stdio: ["pipe", "pipe", "ignore"], timeout: PATIENCE_MS });
}

import { existsSync, readFileSync } from "node:fs";
import { causeOf, UnsprawlError } from "../../model/error.ts";

const PROGRAM = "/usr/bin/systemd-creds";
/** Part of what is sealed: a credential of another name is not taken for the key. */
const NAME = "unsprawl.fingerprint-key";
const PATIENCE_MS = 10_000;

/**
 * The key sealed to this host (systemd-creds, under /var/lib/systemd/credential.secret), so that a copy or a backup of the
 * state folder is of no use elsewhere; null where that is not possible: without systemd-creds, as another user than root,
 * or where the host's key does not last (`lasts`), as in a container. The host's key alone, without a TPM: sandboxed units do not see one, and its loss would take rollback with it.
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

/** The key out of its sealed file; null when there is no such file. Throws `denied` when this host cannot open it. */
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

/** Whether /var/lib, where the host's key is, may end with this system: systemd did not start it, or a container did. */
function inContainer(): boolean {
  if (["/.dockerenv", "/run/.containerenv", "/run/systemd/container"].some((file) => existsSync(file))) return true;
  try {
    return !existsSync("/run/systemd/system") || readFileSync("/proc/1/comm", "utf8").trim() !== "systemd"; // sd_booted(3)
  } catch {
    return true;
  }
}

function creds(args: readonly string[], input: Buffer): Buffer {
  // Loaded only where a key is sealed.
  const { execFileSync } = process.getBuiltinModule("node:child_process");
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
  return execFileSync(PROGRAM, [...args], { input, env, stdio: ["pipe", "pipe", "ignore"], timeout: PATIENCE_MS });
}

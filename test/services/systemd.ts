import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CACHE, need } from "./apt.ts";

const MANAGER = "/usr/lib/systemd/systemd";

/** What systemd itself complains of in a unit of this folder; empty when nothing. */
export async function complaints(folder: string, unit: string): Promise<string> {
  const analyze = await need("systemd-analyze", ["systemd"]);
  const env = { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` };
  const { stderr } = spawnSync(analyze, ["verify", "--man=no", join(folder, unit)], { env, encoding: "utf8" });
  return stderr;
}

/** The `Environment=` of each of these units, as systemd (its user manager in test mode, which starts nothing) reads it. */
export async function environmentsOf(folder: string, units: readonly string[]): Promise<ReadonlyMap<string, string[]>> {
  await need("systemd-analyze", ["systemd"]);
  const home = mkdtempSync(join(tmpdir(), "unsprawl-systemd-"));
  mkdirSync(join(home, "run"));
  for (const dir of [home, join(home, "run")]) chmodSync(dir, 0o777);
  writeFileSync(join(folder, "all.target"), `[Unit]\nWants=${units.join(" ")}\n`);
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    XDG_RUNTIME_DIR: join(home, "run"),
    SYSTEMD_UNIT_PATH: `${folder}:`,
  };
  // A manager in test mode will not run as root.
  const setpriv = await need("setpriv", ["util-linux"]);
  const nobody = process.getuid?.() === 0 ? ["--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  const dump = execFileSync(setpriv, [...nobody, MANAGER, "--test", "--user", "--unit=all.target"], {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 1 << 26,
  });
  return new Map(
    dump.split(/^.*-> Unit |^.*→ Unit /m).map((text) => {
      const name = text.slice(0, text.indexOf(":"));
      return [name, [...text.matchAll(/^\s*Environment: (.*)$/gm)].map(([, one = ""]) => one)];
    }),
  );
}

/** The service that podman's generator makes of a Quadlet container, and what it said. */
export function generated(folder: string, name: string): { readonly service: string; readonly said: string } {
  const generator = quadlet();
  const env = { ...process.env, QUADLET_UNIT_DIRS: folder };
  const { stdout, stderr } = spawnSync(generator, ["--dryrun"], { env, encoding: "utf8" });
  const [, service = ""] = stdout.split(`---${name}.service---`);
  return { service, said: stderr };
}

/** Out of Debian's package, without its containers' network and storage. */
function quadlet(): string {
  const dir = join(CACHE, "podman");
  const program = join(dir, "usr/libexec/podman/quadlet");
  if (!existsSync(program)) {
    mkdirSync(CACHE, { recursive: true });
    const parts = mkdtempSync(`${dir}-part-`);
    execFileSync("apt-get", ["download", "podman"], { cwd: parts, stdio: "pipe" });
    execFileSync("sh", ["-c", "dpkg-deb -x podman_*.deb tree"], { cwd: parts, stdio: "pipe" });
    try {
      renameSync(join(parts, "tree"), dir);
    } catch (error) {
      // Another test file was first.
      if (!existsSync(program)) throw error;
    }
    rmSync(parts, { recursive: true });
  }
  return program;
}

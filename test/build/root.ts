import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { withFileLock } from "../../src/kit/io/lock.ts";
import { CACHE, need } from "../services/apt.ts";
import type { TestEngine } from "../services/engine.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { documented } from "./documented.ts";
import { random } from "../support/canary.ts";

const BOOTSTRAP_MS = 900_000;

/** A Debian without Node in a new folder, with these packages. */
export async function bareRoot(root: string, packages: readonly string[] = [], suite = "trixie"): Promise<string> {
  const kept = await keptRoot(suite, packages.join("-"), [], (making) => {
    // Nobody is there to be asked.
    writeFileSync(join(making, "etc/apt/apt.conf.d/90unsprawl"), 'APT::Get::Assume-Yes "true";\n');
    if (packages.length > 0) within(making, ["apt-get", "install", "--quiet", "--no-install-recommends", ...packages]);
  });
  execFileSync("cp", ["--archive", kept, root]);
  return root;
}

/** The libraries of a Debian for arm64, as qemu's -L takes them. Nothing is to be changed in it. */
export function arm64Root(): Promise<string> {
  return keptRoot("trixie", "arm64", ["--arch=arm64", "--foreign"], () => undefined);
}

/** A Debian that is made once, and finished by `finish`. */
async function keptRoot(
  suite: string,
  what: string,
  words: readonly string[],
  finish: (making: string) => void,
): Promise<string> {
  await need("debootstrap", ["debootstrap"]);
  const kept = join(CACHE, ["debian", suite, what].filter(Boolean).join("-"));
  mkdirSync(CACHE, { recursive: true });
  await withFileLock(
    kept,
    async () => {
      if (existsSync(kept)) return;
      const making = `${kept}.making`;
      rmSync(making, { recursive: true, force: true });
      execFileSync("debootstrap", ["--variant=minbase", ...words, suite, making], { stdio: "pipe" });
      finish(making);
      renameSync(making, kept);
    },
    BOOTSTRAP_MS,
  );
  return kept;
}

/** Runs in a root folder; fails with what it printed unless it ends with this code. */
export function within(root: string, words: readonly string[], code = 0, env: NodeJS.ProcessEnv = {}): string {
  const all = { PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", ...env };
  const ran = spawnSync("chroot", [root, ...words], { encoding: "utf8", env: all });
  return expectEnded(ran, code);
}

type Ran = { readonly status: number | null; readonly stdout: string; readonly stderr: string; readonly error?: Error };

export function expectEnded({ status, stdout, stderr, error }: Ran, code: number): string {
  const text = stdout + stderr + String(error ?? "");
  expect(status, text).toBe(code);
  return text;
}

/** A scan finds the secret in a file of the root and does not show it. Returns what it printed. */
export function findsSecret(root: string, program: string): string {
  const value = random(24);
  mkdirSync(join(root, "srv/app"), { recursive: true });
  writeFileSync(join(root, "srv/app/.env"), `DB_PASSWORD=${value}\n`);
  const text = within(root, [program, "scan", "dir:/srv/app"], 3);
  expect(text).toContain("DB_PASSWORD");
  expect(text).not.toContain(value);
  return text;
}

/** How one kind of installation is used: `run` runs words where it is installed, with the engine's address. */
export type Installed = {
  readonly program: string;
  readonly run: (words: readonly string[], code?: number) => string;
  /** Installs it again, or a newer one over it. */
  readonly update: () => void;
  /** Removes it as its package manager does. Fails unless it ends with this code; returns what it printed. */
  readonly remove: (code: number) => string;
  /** Where nothing asks before a removal: `unsprawl uninstall` is what refuses. */
  readonly asksItself?: boolean;
};

/**
 * Migrates a container, and updates what did it: the application keeps its value, the agent serves it; neither is it removed
 * while the container needs it. After a rollback it is.
 */
export function outlivesUpdate(
  engine: TestEngine,
  name: string,
  { program, run, update, remove, ...more }: Installed,
): void {
  const value = random(24);
  const served = (): string => engine.docker("exec", name, "sh", "-c", "tr '\\0' '\\n' </proc/1/environ");
  const refused = (): string => (more.asksItself === true ? run([program, "uninstall", "--yes"], 1) : remove(1));
  engine.docker("run", "-d", "--name", name, "-e", `API_TOKEN=${value}`, BUSYBOX, ...APP);
  try {
    const moves = ["--to", "local", "--deliver", "shim", "--grace", "100ms", "--yes"];
    expect(run([program, "migrate", `docker:${name}`, ...moves])).not.toContain(value);
    expect(engine.docker("inspect", name)).not.toContain(value);
    expect(served()).toContain(value);
    run([program, "agent", "--once"]);
    expect(refused()).toContain(`1 container needs unsprawl to start: container:${name}`);
    update();
    run([program, "agent", "--once"]);
    engine.docker("restart", name);
    expect(served()).toContain(value);
    expect(refused()).toContain("1 container needs unsprawl to start");
    const { runs } = JSON.parse(run([program, "runs", "--json"])) as { readonly runs: { readonly run: string }[] };
    const rollback = documented("unsprawl rollback RUN").replace("RUN", runs[0]?.run ?? "");
    run([program, ...rollback.split(" ").slice(1), "--yes"]);
    expect(engine.docker("inspect", name)).toContain(value);
    remove(0);
  } finally {
    engine.docker("rm", "--force", name);
  }
}

/** Lets an engine and what runs in a root see the same files: those that containers mount, and the engine's own. */
export async function besideEngine<T>(
  engine: TestEngine,
  root: string,
  act: (env: { readonly DOCKER_HOST: string; readonly UNSPRAWL_RUNTIME_DIR: string }) => T | Promise<T>,
): Promise<T> {
  const memory = mkdtempSync("/dev/shm/unsprawl-release-");
  const mounts = [
    // rpm wants its root to be a mount.
    ["--bind", root, root],
    ["--bind", memory, join(root, memory)],
    ["--bind", engine.dir, join(root, engine.dir)],
    ["-t", "proc", "proc", join(root, "proc")],
  ] as const;
  try {
    for (const words of mounts) {
      mkdirSync(words.at(-1) ?? "", { recursive: true });
      execFileSync("mount", [...words]);
    }
    return await act({ DOCKER_HOST: engine.host, UNSPRAWL_RUNTIME_DIR: memory });
  } finally {
    for (const words of [...mounts].reverse()) spawnSync("umount", [words.at(-1) ?? ""]);
    rmSync(memory, { recursive: true, force: true });
  }
}

/** What root loads is root's: homes, caches, settings and programs of others do not choose what runs as root. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { foreignFolder } from "../../src/kit/io/roots-alone.ts";
import { MAIN, makeWorld } from "../support/world.ts";

const BOB = { uid: 12_345, gid: 12_345 };
const world = makeWorld("unix:///nonexistent");
const top = mkdtempSync(join(tmpdir(), "unsprawl-roots-"));
const program = join(top, "program");
const marker = join(top, "planted");
chmodSync(top, 0o755);
afterAll(() => {
  world.remove();
  rmSync(top, { recursive: true, force: true });
});

function chownAll(folder: string): void {
  lchownSync(folder, BOB.uid, BOB.gid);
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    lchownSync(join(folder, name), BOB.uid, BOB.gid);
}

/** A folder of root's, or of the other user's. */
function home(name: string, bobs: boolean): string {
  const folder = join(top, name);
  mkdirSync(folder, { recursive: true });
  if (bobs) chownAll(folder);
  return folder;
}

function start(args: readonly string[], env: { readonly [name: string]: string }): { code: number; text: string } {
  rmSync(marker, { force: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(program, "main.js"), ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    encoding: "utf8",
  });
  return { code: status ?? -1, text: `${stdout}${stderr}` };
}

/** The parts of the program with a comment in each replaced by code, not a byte longer. */
function evil(folder: string): void {
  const code = `process.getBuiltinModule("fs").writeFileSync(${JSON.stringify(marker)}, "");`;
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".js") && one !== "main.js")) {
    const text = readFileSync(join(folder, name), "utf8");
    const comment = /^\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n(?=(?:async )?function )/gm;
    const found = [...text.matchAll(comment)].find(([all]) => all.length > code.length + 1)?.[0];
    if (found !== undefined && /^[\0-\x7F]*$/.test(text))
      writeFileSync(
        join(folder, name),
        text.replace(found, () => `${code}${" ".repeat(found.length - code.length - 1)}\n`),
      );
  }
}

/** Node's own files of compiled code, made from other code, and signed for the program's: compile_cache.cc. */
function plantCache(into: string): void {
  const honest = join(top, "honest");
  cpSync(program, honest, { recursive: true });
  evil(program);
  start(["--version"], { HOME: home("maker", false) });
  const made = new Map<number, number>();
  for (const name of readdirSync(honest).filter((one) => one.endsWith(".js")))
    made.set(crc32(readFileSync(join(program, name))), crc32(readFileSync(join(honest, name))));
  rmSync(program, { recursive: true });
  renameSync(honest, program);
  const compiled = join(top, "maker/.cache/unsprawl/compiled");
  for (const file of globSync("**/*", { cwd: compiled }).map((name) => join(compiled, name))) {
    if (
      !existsSync(file) ||
      readdirSync(dirname(file), { withFileTypes: true })
        .find((one) => one.name === basename(file))
        ?.isFile() !== true
    )
      continue;
    const bytes = readFileSync(file);
    const hash = made.get(bytes.readUInt32LE(12));
    if (hash === undefined) continue;
    bytes.writeUInt32LE(hash, 12);
    writeFileSync(file, bytes);
  }
  cpSync(compiled, join(into, "unsprawl/compiled"), { recursive: true });
}

describe("code that was compiled earlier", () => {
  beforeAll(() => {
    cpSync(dirname(MAIN), program, { recursive: true });
    plantCache(join(home("bob", false), ".cache"));
    cpSync(join(top, "bob"), join(top, "control"), { recursive: true });
    chownAll(join(top, "bob"));
  });

  it("would run if it were believed: the planted files are of the kind that Node takes", () => {
    expect(start(["--version"], { HOME: join(top, "control") }).code).toBe(0);
    expect(existsSync(marker)).toBe(true);
  });

  it("does not run from another user's home, nor from a cache that another user owns or can write to", () => {
    const bobs = start(["--version"], { HOME: join(top, "bob") });
    expect(bobs).toMatchObject({ code: 1 });
    expect(bobs.text).toMatch(/^error: root would load .*belongs to user 12345 \(HOME\)\n {2}next: sudo -H unsprawl/);
    expect(existsSync(marker)).toBe(false);
    const own = home("own", false);
    expect(start(["--version"], { HOME: own, XDG_CACHE_HOME: join(top, "bob/.cache") }).code).toBe(0);
    expect(existsSync(marker)).toBe(false);
    cpSync(join(top, "control"), join(top, "open"), { recursive: true });
    chmodSync(join(top, "open/.cache/unsprawl"), 0o777);
    expect(start(["--version"], { HOME: join(top, "open") }).code).toBe(0);
    expect(existsSync(marker)).toBe(false);
  });

  it("still saves root time in root's own home", () => {
    const own = home("fresh", false);
    expect(start(["--version"], { HOME: own }).code).toBe(0);
    expect(globSync("**/*", { cwd: join(own, ".cache/unsprawl/compiled") }).length).toBeGreaterThan(2);
  });
});

describe("settings, state, logins and programs", () => {
  it.each(["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "DOCKER_CONFIG"])(
    "%s of another user is refused before anything is read",
    (variable) => {
      const bobs = home("bobs-settings", true);
      const { code, text } = start(["scan", "docker:", "--json"], { HOME: home("own", false), [variable]: bobs });
      expect(code).toBe(1);
      expect(text).toContain(`${bobs} belongs to user 12345 (${variable})`);
      expect(text).toContain(`"hint":"${variable === "HOME" ? "sudo -H" : `env -u ${variable}`} unsprawl`);
    },
  );

  it("programs are not searched where others can put them; a command that it becomes searches where it would", () => {
    const bin = home("bobs-bin", false);
    writeFileSync(join(bin, "marked"), `#!/bin/sh\necho here\n`, { mode: 0o755 });
    for (const name of ["docker", "sops", "git", "systemd-creds"])
      writeFileSync(join(bin, name), `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 });
    chownAll(bin);
    const env = { HOME: home("own", false), PATH: `${bin}:${process.env["PATH"] ?? ""}` };
    writeFileSync(join(top, "compose.yaml"), "services: {a: {image: a, environment: [A=b]}}\n");
    start(["scan", `compose:${join(top, "compose.yaml")}`], env);
    expect(existsSync(marker)).toBe(false);
    expect(start(["doctor", "--no-residue"], env).text).toContain(`root does not use ${bin}`);
    expect(existsSync(marker)).toBe(false);
    expect(start(["run", "--", "marked"], env).text).toBe("here\n");
  });

  it("no unit of root's names another user's home, settings or state", async () => {
    const bobs = home("bobs-unit", true);
    for (const env of [
      { HOME: bobs },
      { XDG_STATE_HOME: bobs },
      { XDG_CONFIG_HOME: bobs },
      { UNSPRAWL_AGENT_HOME: bobs },
    ]) {
      const ran = await world.unsprawl(["agent", "install", "systemd"], { env });
      expect(ran.code, ran.stdout).toBe(1);
      expect(ran.stdout).toBe("");
      expect(ran.stderr).toContain("belongs to user 12345");
    }
    const config = join(bobs, "mine.yaml");
    writeFileSync(config, "{}\n");
    const named = await world.unsprawl(["agent", "install", "systemd", "--config", config]);
    expect(named.code).toBe(1);
  });
});

/** One level of a path: how it is made, and who may change it. */
const LEVELS = ["roots", "bobs", "open", "sticky", "bobs link", "roots link", "missing"] as const;

it("whatever a path is made of: where another user can put a file, root loads nothing", () => {
  let round = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...LEVELS), { minLength: 1, maxLength: 4 }), (levels) => {
      const base = join(top, `drawn${round++}`);
      mkdirSync(base);
      let at = base;
      for (const [index, level] of levels.entries()) {
        at = join(at, `l${index}`);
        if (level === "missing") break;
        if (level.endsWith("link")) {
          const target = join(base, `target${index}`);
          mkdirSync(target);
          symlinkSync(target, at);
          if (level === "bobs link") lchownSync(at, BOB.uid, BOB.gid);
        } else {
          mkdirSync(at);
          if (level === "bobs") lchownSync(at, BOB.uid, BOB.gid);
          if (level !== "roots") chmodSync(at, level === "sticky" ? 0o1777 : level === "open" ? 0o777 : 0o755);
        }
      }
      const wanted = join(base, ...levels.map((_, index) => `l${index}`));
      const said = foreignFolder([wanted]);
      if (!levels.some((level) => level !== "roots" && level !== "roots link" && level !== "missing"))
        expect(said, levels.join()).toBeNull();
      // Replaces each level that he can, from the last on, then puts a file there.
      const steps = levels.map((_, index) => join(base, ...levels.slice(0, index + 1).map((_level, one) => `l${one}`)));
      const script = [...steps]
        .reverse()
        .map((path) => `mkdir -p '${wanted}'; touch '${wanted}/x' && exit; mv '${path}' '${path}.old'`)
        .join("; ");
      spawnSync("/bin/sh", ["-c", `(${script}; mkdir -p '${wanted}'; touch '${wanted}/x') 2>/dev/null`], {
        ...BOB,
        cwd: "/",
      });
      if (existsSync(join(wanted, "x"))) expect(said, levels.join()).not.toBeNull();
    }),
    { numRuns: 40 },
  );
});

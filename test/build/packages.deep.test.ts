import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fetchNfpm } from "../../src/build/release/fetched.ts";
import { makePackage, type PackageFormat } from "../../src/build/release/packages.ts";
import { VERSION } from "../../src/model/version.ts";
import { CACHE } from "../services/apt.ts";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { makeImages, staticBusybox } from "../services/images.ts";
import { artifact, NAME } from "./artifacts.ts";
import { documented } from "./documented.ts";
import { bareRoot, besideEngine, findsSecret, outlivesUpdate, within } from "./root.ts";

// The packages, installed, updated and removed as people do, on a Debian without Node.

const NEWER = "99.0.0";

let dir: string;
let root: string;
let engine: TestEngine;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-packages-"));
  root = await bareRoot(join(dir, "debian"));
  engine = await startEngine();
  await makeImages(engine);
}, 2_400_000);

afterAll(async () => {
  await engine?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** The same files as a package of a later version. */
async function newerPackage(format: PackageFormat): Promise<string> {
  const work = mkdtempSync(join(dir, "newer-"));
  const [tree, output] = [join(work, "tree"), join(work, `unsprawl.${format}`)];
  execFileSync("dpkg-deb", ["--extract", await artifact(`${NAME}.deb`), tree]);
  const asked = { version: NEWER, architecture: "x64", epoch: 0, nfpm: fetchNfpm(CACHE) } as const;
  makePackage(format, { ...asked, tree, work: join(work, "package") }, output);
  return output;
}

describe("the package for Debian", () => {
  beforeAll(async () => {
    cpSync(await artifact(`${NAME}.deb`), join(root, `${NAME}.deb`));
    within(root, ["sh", "-c", documented("apt install ./unsprawl-0.1.0-linux-x64.deb")]);
  });

  it("brings what belongs to it, and starts no agent by itself", () => {
    expect(within(root, ["unsprawl", "--version"]).trim()).toBe(VERSION);
    findsSecret(root, "unsprawl");
    for (const path of [
      "usr/share/man/man1/unsprawl.1.gz",
      "usr/share/bash-completion/completions/unsprawl",
      "usr/lib/systemd/system/unsprawl-agent.service",
      "usr/share/doc/unsprawl/THIRD-PARTY-LICENSES",
    ])
      expect(existsSync(join(root, path)), path).toBe(true);
    const plugin = "/usr/libexec/docker/cli-plugins/docker-unsprawl";
    expect(within(root, [plugin, "docker-cli-plugin-metadata"])).toContain('"SchemaVersion":"0.1.0"');
    expect(within(root, ["find", "/etc/systemd", "-name", "unsprawl-agent.service"])).toBe("");
  });

  it("outlives an update, and is not removed while a container needs it", async () => {
    cpSync(await newerPackage("deb"), join(root, "newer.deb"));
    await besideEngine(engine, root, (env) =>
      outlivesUpdate(engine, "by-deb", {
        program: "/usr/bin/unsprawl",
        run: (words, code = 0) => within(root, words, code, env),
        update: () => void within(root, ["apt", "install", "/newer.deb"], 0, env),
        remove: (code) => {
          const words = code === 0 ? [documented("unsprawl uninstall"), documented("unsprawl uninstall --yes")] : [];
          for (const line of words) within(root, ["sh", "-c", line], 0, env);
          return within(root, ["sh", "-c", documented("apt remove unsprawl")], code === 0 ? 0 : 100, env);
        },
      }),
    );
    expect(existsSync(join(root, "usr/bin/unsprawl"))).toBe(false);
  }, 600_000);
});

describe("the package for Fedora and RHEL", () => {
  let fedora: string;

  beforeAll(async () => {
    // Fedora's own package manager; what it knows of the libraries, which Debian has brought, is in a package without files.
    fedora = await bareRoot(join(dir, "fedora"), ["dnf", "rpm"]);
    writeFileSync(join(fedora, "etc/dnf/dnf.conf"), "[main]\nassumeyes=1\n");
    cpSync(await artifact(`${NAME}.rpm`), join(fedora, `${NAME}.rpm`));
  }, 900_000);

  it("needs the C library that Node needs", () => {
    within(fedora, ["rpm", "--checksig", "--nosignature", `/${NAME}.rpm`]);
    expect(within(fedora, ["dnf", "install", `/${NAME}.rpm`], 1)).toContain("glibc >= 2.28");
    cpSync(libraries(), join(fedora, "libraries.rpm"));
    within(fedora, ["dnf", "install", "/libraries.rpm"]);
    within(fedora, ["sh", "-c", documented("dnf install ./unsprawl-0.1.0-linux-x64.rpm")]);
    expect(within(fedora, ["rpm", "--query", "unsprawl"])).toContain(`unsprawl-${VERSION}-`);
    within(fedora, ["rpm", "--verify", "unsprawl"]);
    findsSecret(fedora, "unsprawl");
  }, 600_000);

  it("outlives an update, and is not removed while a container needs it", async () => {
    cpSync(await newerPackage("rpm"), join(fedora, "newer.rpm"));
    await besideEngine(engine, fedora, (env) =>
      outlivesUpdate(engine, "by-rpm", {
        program: "/usr/bin/unsprawl",
        run: (words, code = 0) => within(fedora, words, code, env),
        update: () => void within(fedora, ["dnf", "install", "/newer.rpm"], 0, env),
        remove: (code) => within(fedora, ["sh", "-c", documented("dnf remove unsprawl")], code, env),
      }),
    );
    expect(existsSync(join(fedora, "usr/bin/unsprawl"))).toBe(false);
  }, 600_000);

  function libraries(): string {
    const [config, output] = [join(dir, "libraries.json"), join(dir, "libraries.rpm")];
    const provides = ["libstdc++ = 14", "libgcc = 14"];
    writeFileSync(config, JSON.stringify({ name: "glibc", arch: "amd64", version: "2.41.0", provides }));
    const words = ["package", "--config", config, "--packager", "rpm", "--target", output];
    execFileSync(fetchNfpm(CACHE), words, { stdio: "pipe" });
    return output;
  }
});

describe("the package for Alpine", () => {
  let alpine: string;
  let packed: string;
  // An apk is a tar archive in gzip members; its first entries are the package's own (Alpine, "Apk spec").
  const unpack = (): void => void execFileSync("tar", ["-xzf", packed, "-C", alpine], { stdio: "pipe" });

  beforeAll(async () => {
    alpine = join(dir, "alpine");
    for (const folder of ["bin", "tmp"]) mkdirSync(join(alpine, folder), { recursive: true });
    cpSync(await staticBusybox(), join(alpine, "bin/sh"));
    packed = await artifact(`${NAME}.apk`);
    unpack();
  });

  it("brings its own C library, on a root that has no other", () => {
    expect(within(alpine, ["/usr/bin/unsprawl", "--version"]).trim()).toBe(VERSION);
    findsSecret(alpine, "/usr/bin/unsprawl");
  });

  it("outlives an update, and its script stops a removal while a container needs it", async () => {
    // There is no apk to be had here: it runs this script before it removes a package, and before an update none.
    expect(existsSync(join(alpine, ".pre-upgrade"))).toBe(false);
    await besideEngine(engine, alpine, (env) =>
      outlivesUpdate(engine, "by-apk", {
        program: "/usr/bin/unsprawl",
        run: (words, code = 0) => within(alpine, words, code, env),
        update: unpack,
        remove: (code) => within(alpine, ["/bin/sh", "/.pre-deinstall", VERSION], code, env),
      }),
    );
  }, 600_000);
});

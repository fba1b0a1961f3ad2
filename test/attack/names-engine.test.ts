import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { which } from "../services/apt.ts";
import { composeCli } from "../services/compose.ts";
import { importImage, staticBusybox, tools } from "../services/images.ts";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { becomeSwarm } from "../services/swarm.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

// A variable's name is a path to one of root's files, which must stay as it is. What has a sound name moves anyway.

const S6 = "unsprawl-test/s6:1";
const PLAIN = "unsprawl-test/names-it:1";
const APP = "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done";
const LONG = `${"A".repeat(64 * 1024)}_TOKEN`;
const MINE = "root's own file\n";

// Its own: a swarm that is left takes a while to let go of its network.
let engine: TestEngine;
let compose: string;
let world: World;
let victims: string;
/** As seen from the folder in which the values of a container lie. */
let hostile: string;

beforeAll(async () => {
  [engine, compose] = await Promise.all([startEngine(), composeCli()]);
  const envfile =
    '#!/bin/sh\nfor one in $(env); do case $one in FILE__*=/run/*) export "$(name "$one")=$(cat "${one#*=}")" ;; esac; done\n';
  await makeImage(S6, "/init", {
    init: `#!/bin/sh\nname() { one=\${1%%=*}; echo "\${one#FILE__}"; }\n. /etc/cont-init.d/01-envfile\n${APP}\n`,
    "etc/cont-init.d/01-envfile": envfile,
  });
});
afterAll(async () => {
  await engine?.stop();
});

beforeEach(() => {
  world = makeWorld(engine.host);
  victims = mkdtempSync(join(tmpdir(), "unsprawl-victim-"));
  writeFileSync(join(victims, "x_TOKEN"), MINE, { mode: 0o644 });
  hostile = relative(join(world.memory, "units/any/secrets"), join(victims, "x_TOKEN"));
});

async function makeImage(tag: string, entrypoint: string, files: { readonly [path: string]: string }): Promise<void> {
  const busybox = await staticBusybox();
  importImage(
    engine,
    tag,
    (root) => {
      tools(root, busybox, ["sh", "sleep", "env", "cat"]);
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(join(root, path, ".."), { recursive: true });
        writeFileSync(join(root, path), text, { mode: 0o755 });
      }
    },
    ["ENV PATH=/bin", `ENTRYPOINT ["${entrypoint}"]`],
  );
}

afterEach(() => {
  for (let tries = 0; ; tries++) {
    const ids = engine.docker("ps", "-aq").split("\n").filter(Boolean);
    if (ids.length === 0) break;
    try {
      engine.docker("rm", "-f", "-v", ...ids);
    } catch (error) {
      // A swarm removes its tasks' containers by itself, at the same time.
      if (tries > 50) throw error;
    }
  }
  expect(readdirSync(victims)).toEqual(["x_TOKEN"]);
  expect(readFileSync(join(victims, "x_TOKEN"), "utf8")).toBe(MINE);
  expect(lstatSync(join(victims, "x_TOKEN")).mode & 0o777).toBe(0o644);
  // The folders for values of containers, and of Compose projects.
  expect(readdirSync(world.memory).filter((name) => name !== "units" && name !== "compose")).toEqual([]);
  world.remove();
  rmSync(victims, { recursive: true, force: true });
});

const secret = (): string => twelveSecrets()["DB_PASSWORD"] ?? "";
const token = (): string => twelveSecrets()["GITHUB_TOKEN"] ?? "";
const said = ({ stdout, stderr }: Ran): string => stdout + stderr;
const migrate = (source: string, ...more: string[]): Promise<Ran> =>
  world.unsprawl(["migrate", source, "--to", "local", "--grace", "100ms", "--yes", "--fail-on", "never", ...more]);
const envOf = (name: string): string[] =>
  JSON.parse(engine.docker("inspect", name, "--format", "{{json .Config.Env}}")) as string[];

test.each([S6, PLAIN])("a container of %s", async (image) => {
  if (image === PLAIN)
    await makeImage(PLAIN, "/start.sh", {
      "start.sh": `#!/bin/sh\n: ${hostile}_FILE\n[ -f "$DB_PASSWORD_FILE" ] && export DB_PASSWORD="$(cat "$DB_PASSWORD_FILE")"\n${APP}\n`,
    });
  const attack = `${token()}\n* * * * * root id\n`;
  engine.docker(
    ...["run", "-d", "--network", "none", "--name", "web"],
    "-e",
    `DB_PASSWORD=${secret()}`,
    "-e",
    `${hostile}=${attack}`,
    "-e",
    `${LONG}=${token()}`,
    image,
  );
  const moved = await migrate("docker:web");
  expect(said(moved)).toMatch(/✓ migrated +web\n/);
  expect(said(moved)).toContain("its name cannot be the name of a file");
  expect(said(moved)).not.toContain(attack.split("\n")[0]);
  expect(envOf("web").filter((one) => /^(FILE__)?DB_PASSWORD/.test(one))).toEqual([
    expect.stringMatching(/^(FILE__DB_PASSWORD|DB_PASSWORD_FILE)=\/run\/secrets\/DB_PASSWORD$/),
  ]);
  expect(envOf("web")).toContain(`${hostile}=${attack}`);

  // Alone it moves nowhere.
  engine.docker("run", "-d", "--network", "none", "--name", "odd", "-e", `${hostile}=${token()}`, image);
  const left = await migrate("docker:odd");
  expect(said(left)).toContain("no delivery fits odd");
  expect(said(left)).not.toContain("✓");
});

test("a Compose project, and one whose services could be read as each other's", async () => {
  const [one, two, odd] = [secret(), secret(), token()];
  const dir = join(world.dir, "shop");
  mkdirSync(dir);
  const service = (name: string, ...env: string[]): string =>
    `  ${name}:\n    image: ${S6}\n    network_mode: none\n    environment:\n${env.map((line) => `      ${line}\n`).join("")}`;
  const file = join(dir, "compose.yaml");
  const text = `services:\n${service("a_b", `DB_PASSWORD: ${one}`, `"${hostile}": ${odd}`)}${service("a-b", `DB_PASSWORD: ${two}`)}`;
  writeFileSync(file, text.replace("environment:", "env_file: odd.env\n    environment:"));
  writeFileSync(join(dir, "odd.env"), `x.API_TOKEN=${token()}\n`);
  execFileSync(compose, ["-f", file, "up", "-d"], { cwd: dir, env: world.env, stdio: "pipe" });
  const moved = await migrate(`compose:${file}`);
  expect(said(moved)).toMatch(/✓ migrated +compose\/shop\n/);
  expect(said(moved)).toContain("its name cannot be the name of a file");
  const now = readFileSync(file, "utf8");
  expect(said(moved)).toContain("a_b x.API_TOKEN: no shell can set a variable of that name");
  expect([now.includes(one), now.includes(two), now.includes(odd)]).toEqual([false, false, true]);
  for (const [name, value] of [
    ["shop-a_b-1", one],
    ["shop-a-b-1", two],
  ] as const)
    expect(engine.docker("exec", name, "cat", "/run/secrets/DB_PASSWORD")).toBe(value);
});

test("a script, where the rest of its line moves", async () => {
  const file = join(world.dir, "run.sh");
  const [one, odd] = [secret(), token()];
  writeFileSync(
    file,
    `#!/bin/sh\ndocker run -d --network none --name web -e DB_PASSWORD=${one} -e '${hostile}=${odd}' ${S6}\n`,
  );
  chmodSync(file, 0o755);
  const start = (): unknown =>
    execFileSync(file, {
      env: { PATH: `${join(which("docker") ?? "", "..")}:${process.env["PATH"] ?? ""}`, DOCKER_HOST: engine.host },
      stdio: "pipe",
    });
  start();
  const moved = await migrate(`script:${file}`);
  expect(said(moved)).toContain("its name cannot be the name of a file");
  expect(readFileSync(file, "utf8")).not.toContain(one);
  expect(readFileSync(file, "utf8")).toContain(odd);
  engine.docker("rm", "-f", "web");
  start();
  expect(engine.docker("exec", "web", "cat", "/run/secrets/DB_PASSWORD")).toBe(one);
});

test("a saved plan whose names and folders lead elsewhere is not applied, and nothing of it is undone elsewhere", async () => {
  engine.docker("run", "-d", "--network", "none", "--name", "web", "-e", `DB_PASSWORD=${secret()}`, S6);
  const saved = join(world.dir, "plan.json");
  expect(
    (await world.unsprawl(["plan", "docker:web", "--to", "local", "-o", saved, "--grace", "100ms"])).stderr,
  ).not.toContain("error");
  const sound = readFileSync(saved, "utf8");
  const before = engine.docker("inspect", "web", "--format", "{{.Id}}");
  for (const name of [hostile, "../../x_TOKEN", "..", "a\\n"]) {
    writeFileSync(saved, sound.replaceAll('"DB_PASSWORD"', `"${name}"`));
    const applied = await world.unsprawl(["apply", saved]);
    expect(applied.code, said(applied)).not.toBe(0);
    expect(said(applied)).not.toContain("✓");
  }
  expect(engine.docker("inspect", "web", "--format", "{{.Id}}")).toBe(before);
  expect(existsSync(join(world.memory, "units"))).toBe(false);
  writeFileSync(saved, sound);
  const applied = await world.unsprawl(["apply", saved]);
  expect(applied.code, said(applied)).toBe(0);
});

test("Swarm services, also those whose secrets could be called alike", async () => {
  await becomeSwarm(engine);
  const [one, two, odd] = [secret(), secret(), token()];
  const start = (name: string, ...env: string[]): string =>
    engine.docker(
      ...["service", "create", "--name", name, "--quiet", "--update-monitor", "100ms", "--restart-delay", "100ms"],
      ...env.flatMap((entry) => ["--env", entry]),
      S6,
    );
  start("web", `DB_PASSWORD=${one}`, `${hostile}=${odd}`);
  start("web_DB", `PASSWORD=${two}`);
  const moved = await migrate("swarm:");
  expect(said(moved)).toMatch(/✓ migrated +swarm\/web\n[^]*✓ migrated +swarm\/web_DB\n/);
  expect(said(moved)).toContain("its name cannot be the name of a file");
  const secrets = engine.docker("secret", "ls", "--format", "{{.Name}}").split("\n");
  expect(secrets.map((name) => name.replace(/_\d{8}-.*$/, "").replace(/-[0-9a-f]{16}$/, "-…")).sort()).toEqual([
    "web_DB_PASSWORD",
    "web_DB_PASSWORD-…",
  ]);
  for (const [service, name, value] of [
    ["web", "DB_PASSWORD", one],
    ["web_DB", "PASSWORD", two],
  ] as const) {
    const [id = ""] = engine
      .docker("ps", "-q", "--filter", `label=com.docker.swarm.service.name=${service}`)
      .split("\n");
    expect(engine.docker("exec", id, "cat", `/run/secrets/${name}`)).toBe(value);
  }
  engine.docker("service", "rm", "web", "web_DB");
});

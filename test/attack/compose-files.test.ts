import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { composeCli } from "../services/compose.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

// Who may write to a project's files, or to a saved plan, waits for the administrator's `apply`. What they add is not
// applied, and where Compose is too fast for the comparison of files, its container is never started.

const { DB_PASSWORD = "" } = twelveSecrets();
const TOKEN = `t-${randomBytes(12).toString("hex")}`;
const COMMAND = JSON.stringify(APP.map((word) => word.replaceAll("$", "$$$$")));
const EVIL = `    privileged: true\n    pid: host\n    volumes: ["/:/host"]\n`;

let engine: WorkerEngine;
let world: World;
let program: string;
let plugin: string;
let seen: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  world = makeWorld(engine.host, { VAULT_TOKEN: TOKEN, AWS_SECRET_ACCESS_KEY: TOKEN, MY_API_KEY: TOKEN });
  plugin = join(world.dir, ".docker/cli-plugins/docker-compose");
  seen = join(world.dir, "seen");
  mkdirSync(join(world.dir, ".docker/cli-plugins"), { recursive: true });
  intercept("");
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

beforeEach(() => {
  rmSync(seen, { force: true });
  intercept("");
});

/** Compose as the user has it; `first` is what somebody does just before Compose reads the files, in a POSIX shell. */
function intercept(first: string): void {
  rmSync(plugin, { force: true });
  writeFileSync(plugin, `#!/bin/sh\nenv >> ${seen}\necho "args: $*" >> ${seen}\n${first}\nexec ${program} "$@"\n`);
  chmodSync(plugin, 0o755);
}

function project(name: string, files: { readonly [file: string]: string }, ...args: string[]): string {
  const dir = join(world.dir, name);
  mkdirSync(dir);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(dir, file), text);
  up(dir, {}, ...args);
  return dir;
}

/** Brings a project up as somebody without our credentials. */
function up(dir: string, more: { readonly [name: string]: string }, ...args: string[]): void {
  const env = { ...world.env, VAULT_TOKEN: "", AWS_SECRET_ACCESS_KEY: "", MY_API_KEY: "", ...more };
  execFileSync(program, [...args, "up", "-d"], { cwd: dir, env, stdio: "pipe" });
}

const web = (more = "", password = DB_PASSWORD): string => `services:
  web:
    image: ${BUSYBOX}
    network_mode: none
    command: ${COMMAND}
    environment:
      DB_PASSWORD: ${password}
${more}`;

const OPTIONS = ["--to", "local", "--deliver", "shim", "--grace", "100ms"] as const;

async function plan(what: string, ...more: string[]): Promise<Ran> {
  return world.unsprawl(["plan", what, ...OPTIONS, "--json", "-o", "plan.json", ...more]);
}

const idOf = (name: string): string => engine.docker("inspect", "-f", "{{.Id}}", name);

/** Every container of the engine that runs, or would, with more rights than any of ours has. */
function mighty(): string[] {
  const docs = JSON.parse(engine.docker("inspect", ...engine.docker("ps", "-aq").split("\n"))) as {
    Name: string;
    State: { Status: string };
    HostConfig: { Privileged: boolean; PidMode: string; Binds: string[] | null };
  }[];
  return docs
    .filter(
      ({ HostConfig: { Privileged, PidMode, Binds } }) => Privileged || PidMode !== "" || (Binds ?? []).length > 0,
    )
    .map(({ Name, State }) => `${Name} ${State.Status}`);
}

describe("changed since the plan", () => {
  const files = {
    "base.yaml": "services:\n  web:\n    env_file: more.env\n    extends: { file: common.yaml, service: base }\n",
    "common.yaml": `services:\n  base:\n    labels: { a: "1" }\n`,
    "compose.yaml": `include: [other.yaml]\n${web("      LEVEL: ${LEVEL}\n")}`,
    "other.yaml": `services:\n  db: { image: "${BUSYBOX}", network_mode: none, command: ${COMMAND} }\n`,
    "more.env": "PORT=1\n",
    ".env": "LEVEL=1\n",
  };
  let dir: string;
  const put = (): void => {
    for (const [file, text] of Object.entries(files)) writeFileSync(join(dir, file), text);
  };

  beforeAll(async () => {
    dir = project("since", files, "-f", "base.yaml", "-f", "compose.yaml");
    const planned = await plan("docker:since-web-1");
    expect(planned.code, planned.stdout + planned.stderr).toBe(0);
    renameSync(join(world.dir, "plan.json"), join(world.dir, "since.json"));
  });

  it.each<[string, (dir: string) => void]>([
    ["a base that is not rewritten", (dir) => writeFileSync(join(dir, "base.yaml"), `services:\n  web:\n${EVIL}`)],
    ["an env file", (dir) => writeFileSync(join(dir, "more.env"), "LD_PRELOAD=/data/evil.so\n")],
    ["the .env that values are filled from", (dir) => writeFileSync(join(dir, ".env"), "LEVEL=2\n")],
    [
      "a file that is included",
      (dir) => writeFileSync(join(dir, "other.yaml"), "services:\n  db: { image: evil, privileged: true }\n"),
    ],
    [
      "a file that is extended",
      (dir) => writeFileSync(join(dir, "common.yaml"), `services:\n  base:\n    image: ${BUSYBOX}\n${EVIL}`),
    ],
  ])("%s", async (_what, change) => {
    put();
    const id = idOf("since-web-1");
    change(dir);
    const ran = await world.unsprawl(["apply", "since.json"]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("has changed since the plan was made");
    expect(idOf("since-web-1")).toBe(id);
    expect(readFileSync(join(dir, "compose.yaml"), "utf8")).toContain(DB_PASSWORD);
    expect(mighty()).toEqual([]);
  });
});

describe("a project that stays as it is", () => {
  let dir: string;
  let id: string;

  beforeAll(() => {
    dir = project("still", { "compose.yaml": web() });
    id = idOf("still-web-1");
  });

  beforeEach(() => writeFileSync(join(dir, "compose.yaml"), web()));

  afterEach(() => {
    expect(idOf("still-web-1")).toBe(id);
    expect(mighty()).toEqual([]);
  });

  it("a saved plan that names one more file, or another folder", async () => {
    const planned = await plan("docker:still-web-1");
    expect(planned.code, planned.stderr).toBe(0);
    const evil = join(world.dir, "evil.yaml");
    writeFileSync(evil, `services:\n  web:\n${EVIL}`);
    const text = readFileSync(join(world.dir, "plan.json"), "utf8");
    for (const change of [
      (target: { files: string[] }) => target.files.unshift(evil),
      (target: { files: string[] }) => target.files.push(evil),
      (target: { envFiles: string[] }) => target.envFiles.push(evil),
      (target: { dir: string }) => (target.dir = world.dir),
    ]) {
      const forged = JSON.parse(text) as { steps: { kind: string; target?: unknown }[] };
      change(forged.steps.find(({ kind }) => kind === "rewrite")?.target as never);
      writeFileSync(join(world.dir, "forged.json"), JSON.stringify(forged), { mode: 0o600 });
      const ran = await world.unsprawl(["apply", "forged.json"]);
      expect(ran.code, ran.stdout + ran.stderr).not.toBe(0);
      expect(idOf("still-web-1")).toBe(id);
    }
    expect(readFileSync(join(dir, "compose.yaml"), "utf8")).toBe(web());
  });

  it("nothing is created on the host beside the containers, whatever is accepted", async () => {
    const folder = join(world.dir, "made-by-root");
    const device = "driver_opts: { type: none, o: bind, device: /etc }";
    const joined = web().replace("network_mode: none", "networks: [wide]");
    for (const [text, said] of [
      [web(`    volumes: ["${folder}:/data"]\n`), folder],
      [`${web('    volumes: ["evil:/data"]\n')}volumes: { evil: { ${device} } }\n`, "still_evil"],
      [`${joined}networks: { wide: { driver: bridge } }\n`, "still_wide"],
    ] as const) {
      writeFileSync(join(dir, "compose.yaml"), text);
      const ran = await world.unsprawl(["migrate", "docker:still-web-1", ...OPTIONS, "--yes", "--accept", "drift"]);
      expect(ran.code, ran.stdout + ran.stderr).toBe(3);
      expect(ran.stdout).toContain(said);
      expect(idOf("still-web-1")).toBe(id);
    }
    expect(existsSync(folder)).toBe(false);
    expect(engine.docker("volume", "ls", "-q") + engine.docker("network", "ls")).not.toMatch(/still_/);
  });

  it("a file that calls itself another project's name, and an .env that points Compose elsewhere", async () => {
    const attacker = join(world.dir, "attacker");
    mkdirSync(attacker);
    writeFileSync(join(attacker, "compose.yaml"), `name: still\n${web(EVIL)}`);
    writeFileSync(
      join(attacker, ".env"),
      "DOCKER_HOST=tcp://192.0.2.1:2375\nCOMPOSE_REMOVE_ORPHANS=1\nPATH=/nowhere\n",
    );
    const ran = await world.unsprawl(["migrate", `compose:${attacker}`, ...OPTIONS, "--yes", "--accept", "drift"]);
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain("still-web-1 of the project still was created from other files");
  });
});

it("a base that changes while the plan is applied: the container is not started, and the old one is back", async () => {
  const base = "services:\n  web:\n    labels: { a: '1' }\n";
  const dir = project("race", { "base.yaml": base, "compose.yaml": web() }, "-f", "base.yaml", "-f", "compose.yaml");
  const evil = `services:\n  web:\n    labels: { a: '1' }\n${EVIL}`;
  writeFileSync(join(dir, "evil"), evil);
  writeFileSync(join(dir, "good"), base);
  // Compose itself reads it so, between all comparisons of files, and once.
  intercept(`case "$*" in *"up --no-start"*) if [ ! -e ${dir}/done ]; then cp ${dir}/evil ${dir}/base.yaml; touch ${dir}/done;
    ${program} "$@"; code=$?; cp ${dir}/good ${dir}/base.yaml; exit $code; fi;; esac`);
  const ran = await world.unsprawl(["migrate", "docker:race-web-1", ...OPTIONS, "--yes"]);
  expect(existsSync(join(dir, "done"))).toBe(true);
  expect(ran.code, ran.stdout + ran.stderr).toBe(1);
  expect(ran.stdout + ran.stderr).toMatch(
    /Compose created race-web-1 with a different .*HostConfig\.Privileged.*not started/,
  );
  expect(ran.stdout).toContain("as before");
  expect(engine.docker("inspect", "-f", "{{.State.Running}}", "race-web-1")).toBe("true");
  expect(mighty()).toEqual([]);
  expect(readFileSync(join(dir, "compose.yaml"), "utf8")).toBe(web());
});

it("files that change right after the comparison: what was compared is started, and nothing else", async () => {
  const base = "services:\n  web:\n    labels: { a: '1' }\n";
  const dir = project("after", { "base.yaml": base, "compose.yaml": web() }, "-f", "base.yaml", "-f", "compose.yaml");
  const more = `  more: { image: "${BUSYBOX}", privileged: true, command: ${COMMAND} }\n`;
  writeFileSync(join(dir, "evil"), `services:\n  web:\n    labels: { a: '1' }\n    depends_on: [more]\n${EVIL}${more}`);
  intercept(
    `case "$*" in *"up --no-start"*) ${program} "$@"; code=$?; cp ${dir}/evil ${dir}/base.yaml; exit $code;; esac`,
  );
  const ran = await world.unsprawl(["migrate", "docker:after-web-1", ...OPTIONS, "--yes"]);
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  expect(readFileSync(join(dir, "base.yaml"), "utf8")).toContain("privileged");
  expect(engine.docker("inspect", "-f", "{{.State.Running}}", "after-web-1")).toBe("true");
  expect(engine.docker("inspect", "after-web-1")).not.toContain(DB_PASSWORD);
  expect(engine.docker("ps", "-aq", "--filter", "name=after-more")).toBe("");
  expect(mighty()).toEqual([]);
});

it("a base that stays changed: nothing of it is started, nothing is said to be as before, and it can be put right", async () => {
  const base = "services:\n  web:\n    labels: { a: '1' }\n";
  const dir = project("stays", { "base.yaml": base, "compose.yaml": web() }, "-f", "base.yaml", "-f", "compose.yaml");
  writeFileSync(
    join(dir, "evil"),
    `${base}${EVIL}    networks: {}\n  more: { image: "${BUSYBOX}", command: ${COMMAND} }\nvolumes: { v: {} }\n`.replace(
      "    networks: {}\n",
      "",
    ),
  );
  intercept(`case "$*" in *"up --no-start"*) cp ${dir}/evil ${dir}/base.yaml;; esac`);
  const ran = await world.unsprawl(["migrate", "docker:stays-web-1", ...OPTIONS, "--yes"]);
  expect(ran.code, ran.stdout + ran.stderr).toBe(5);
  expect(ran.stdout).not.toContain("as before");
  expect(mighty().filter((one) => !one.endsWith(" created"))).toEqual([]);
  const [, run = ""] = /unsprawl rollback (\S+)/.exec(ran.stdout + ran.stderr) ?? [];
  intercept("");
  writeFileSync(join(dir, "base.yaml"), base);
  const back = await world.unsprawl(["rollback", run]);
  expect(back.code, back.stderr).toBe(0);
  expect(engine.docker("inspect", "-f", "{{.State.Running}} {{.HostConfig.Privileged}}", "stays-web-1")).toBe(
    "true false",
  );
  expect(mighty()).toEqual([]);
});

it("other settings than rights are a matter of drift; what Compose writes into a container is in the new one too", async () => {
  const dir = project("drifted", { "compose.yaml": web() });
  const changed = web(
    "      LEVEL: debug\n    labels: { a: '1' }\n    configs: [{ source: note, target: /etc/note }]\n",
  );
  writeFileSync(join(dir, "compose.yaml"), `${changed}configs: { note: { content: "for the app" } }\n`);
  const moved = await world.unsprawl(["migrate", "docker:drifted-web-1", ...OPTIONS, "--yes", "--accept", "drift"]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  expect(engine.docker("inspect", "drifted-web-1")).toContain("LEVEL=debug");
  expect(engine.docker("inspect", "drifted-web-1")).not.toContain(DB_PASSWORD);
  expect(engine.docker("exec", "drifted-web-1", "cat", "/etc/note")).toBe("for the app");
});

it("credentials of the environment reach neither Compose nor the container; a password that the container has passes, there and back", async () => {
  const more =
    "      T: ${VAULT_TOKEN}\n      A: ${AWS_SECRET_ACCESS_KEY}\n      K: ${MY_API_KEY}\n      L: ${LEVEL:-none}\n";
  const shell = { DB_PASSWORD, LEVEL: "none", OTHER: "x" };
  const dir = join(world.dir, "wants");
  mkdirSync(dir);
  writeFileSync(join(dir, "compose.yaml"), web(more, "${DB_PASSWORD}"));
  up(dir, shell);
  const ran = await world.unsprawl(["migrate", "docker:wants-web-1", ...OPTIONS, "--yes"], { env: shell });
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  expect(ran.stdout).toContain("VAULT_TOKEN of your environment is withheld from Compose");
  expect(engine.docker("inspect", "wants-web-1")).not.toContain(DB_PASSWORD);
  expect(engine.docker("inspect", "wants-web-1") + readFileSync(seen, "utf8") + ran.stdout + ran.stderr).not.toContain(
    TOKEN,
  );
  expect(readFileSync(seen, "utf8")).toContain("LEVEL=none");
  expect(readFileSync(seen, "utf8")).not.toMatch(
    /^(OTHER|VAULT_\w+|AWS_\w+|SOPS_\w+|UNSPRAWL_(?!RUNTIME_DIR=)\w+|MY_API_KEY)=/m,
  );
  const [, run = ""] = /Plan (\S+):/.exec(ran.stdout) ?? [];
  const back = await world.unsprawl(["rollback", run], { env: shell });
  expect(back.code, back.stderr).toBe(0);
  expect(engine.docker("inspect", "wants-web-1")).toContain(`DB_PASSWORD=${DB_PASSWORD}`);
  expect(engine.docker("inspect", "wants-web-1") + readFileSync(seen, "utf8")).not.toContain(TOKEN);
});

it("a project that cannot be read without a withheld variable, or at all, keeps no other from being moved", async () => {
  const dir = join(world.dir, "need-one");
  mkdirSync(dir);
  writeFileSync(join(dir, "compose.yaml"), web("      K: ${MY_API_KEY:?is needed}\n"));
  up(dir, { MY_API_KEY: "other" });
  const broken = project("need-two", { "compose.yaml": web() });
  writeFileSync(join(broken, "compose.yaml"), "services: [\n");
  project("need-three", { "compose.yaml": web() });
  const ran = await plan("docker:need-*");
  expect(ran.code, ran.stdout + ran.stderr).toBe(3);
  const { notMoved, steps } = JSON.parse(ran.stdout) as { notMoved: { reason: string }[]; steps: { unit: string }[] };
  expect(notMoved).toHaveLength(2);
  expect(notMoved.map(({ reason }) => reason).join()).toContain("MY_API_KEY of your environment is withheld");
  expect([...new Set(steps.map(({ unit }) => unit))]).toEqual(["compose/need-three"]);
  expect(ran.stdout + ran.stderr).not.toContain(TOKEN);
});

it("secrets of an image's own command are neither copied into the file nor shown", async () => {
  const [known, unknown] = [twelveSecrets()["DB_PASSWORD"] ?? "", `pin${randomBytes(3).toString("hex")}`];
  const image = (tag: string, ...words: string[]): void => {
    engine.docker("create", "--name", "base", BUSYBOX, "true");
    engine.docker(
      "commit",
      "--change",
      `ENTRYPOINT ${JSON.stringify(["sh", "-c", APP[2], "--", ...words])}`,
      "base",
      tag,
    );
    engine.docker("rm", "base");
  };
  image("words:known", `--admin-password=${known}x`);
  image("words:unknown", `-p${unknown}`);
  const file = (tag: string): string =>
    web()
      .replace(BUSYBOX, tag)
      .replace(/ {4}command: .*\n/, "");
  const dir = project("known", { "compose.yaml": file("words:known") });
  const refused = await plan("docker:known-web-1");
  expect(refused.code).toBe(3);
  expect(JSON.stringify(JSON.parse(refused.stdout))).toContain(
    "Config.Entrypoint of the container of web holds a secret",
  );
  expect(refused.stdout + refused.stderr).not.toContain(known);
  expect(readFileSync(join(dir, "compose.yaml"), "utf8")).toBe(file("words:known"));

  project("unknown", { "compose.yaml": file("words:unknown") });
  const shown = await world.unsprawl(["plan", "docker:unknown-web-1", ...OPTIONS, "--diff", "-o", "plan.json"]);
  expect(shown.code, shown.stdout + shown.stderr).toBe(0);
  expect(shown.stdout + readFileSync(join(world.dir, "plan.json"), "utf8")).not.toContain(unknown);
  expect(shown.stdout).toContain("words of the container's own");
  const moved = await world.unsprawl(["apply", "plan.json"]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
});

it("a stranger's file takes no line out of a file of ours that it names by its path; one of ours does", async () => {
  const env = join(world.dir, "other.env");
  writeFileSync(env, `DB_PASSWORD=${DB_PASSWORD}\n`);
  const text = web(`    env_file: ${env}\n`).replace(/ {4}environment:\n.*\n/, "");
  const dir = project("named", { "compose.yaml": text });
  const file = join(dir, "compose.yaml");
  for (const uid of [54_321, 0]) {
    chownSync(file, uid, 0);
    const planned = await plan("compose:named");
    const { notMoved, steps } = JSON.parse(planned.stdout) as { notMoved: { reason: string }[]; steps: object[] };
    if (uid === 0) expect([notMoved, steps.length > 0], planned.stderr).toEqual([[], true]);
    else
      expect(notMoved).toEqual([
        expect.objectContaining({ reason: expect.stringContaining(`${env} belongs to user 0`) }),
      ]);
  }
});

it("rights are no matter of drift", async () => {
  const dir = project("mighty", { "compose.yaml": web() });
  writeFileSync(join(dir, "compose.yaml"), web("    privileged: true\n    pid: host\n"));
  const ran = await world.unsprawl(["migrate", "docker:mighty-web-1", ...OPTIONS, "--yes", "--accept", "drift"]);
  expect(ran.code, ran.stdout + ran.stderr).not.toBe(0);
  expect(ran.stdout + ran.stderr).toContain("HostConfig.Privileged");
  expect(mighty().filter((one) => !one.endsWith(" created"))).toEqual([]);
});

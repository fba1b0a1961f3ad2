import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeServerImage } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { random } from "../../support/canary.ts";
import { killedAt } from "../../support/kill.ts";
import { plant } from "../../support/planted.ts";
import { makeWorld, type World } from "../../support/world.ts";

// What a run says of an application, where it would be a lie: it is not said, and nothing is lost.

let engine: WorkerEngine;
let world: World;

beforeAll(async () => {
  engine = await workerEngine();
  world = makeWorld(engine.host);
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

const images = new Map<string, Promise<string>>();
/** An image of this tag, made once: several tests have the same one. */
function image(tag: string, entrypoint: string): Promise<string> {
  const made = images.get(tag) ?? makeServerImage(engine, tag, entrypoint);
  images.set(tag, made);
  return made;
}

/** Starts a container with a password, and returns what its program sees of it. */
function started(tag: string, name: string, command: readonly string[], value = random(20)): () => string {
  plant("DB_PASSWORD", value, [value.trim()]);
  engine.docker("run", "-d", "--name", name, "--network", "none", "-e", `DB_PASSWORD=${value}`, tag, ...command);
  return written(name, "/tmp/seen");
}

/** What a container's program has written: an exec takes the engine ten times as long as a look into its files. */
const written = (name: string, file: string) => (): string =>
  readFileSync(`/proc/${engine.docker("inspect", "-f", "{{.State.Pid}}", name)}/root${file}`, "utf8");

const migrate = (name: string, ...more: string[]): ReturnType<World["unsprawl"]> =>
  world.unsprawl(["migrate", `docker:${name}`, "--to", "local", "--grace", "300ms", "--yes", ...more]);
const eventually = async (seen: () => string, value: string): Promise<void> =>
  expect.poll(() => seen()).toBe(`${value}.`);

/** With the variable gone, it looks elsewhere; whoever reads the script does not see it. */
const LOOKS_ELSEWHERE = 'of=DB_PASSWORD\nif [ -z "${DB_PASSWORD:-}" ]; then eval "${of}_FILE=/etc/passwd"; fi';

/** The frame of MariaDB's entrypoint. */
const MARIADB = `if [ "$1" = serverd ]; then file_env DB_PASSWORD; fi\nexec "$@"`;

describe("an entrypoint that reads NAME_FILE for its own program alone", () => {
  it("gives its own program the value by a file", async () => {
    const value = random(20);
    const seen = started(await image("own:1", MARIADB), "own", [], value);
    await eventually(seen, value);
    const moved = await migrate("own");
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    expect(moved.stdout).toContain("reads NAME_FILE");
    expect(moved.stderr).toContain("1 of 1 received");
    await eventually(seen, value);
  });

  it.each([
    ["another program, as a backup's", ["backup"]],
    ["a shell", ["sh", "-c", "exec backup"]],
    ["a shell that names its own program", ["sh", "-c", ": serverd; exec backup"]],
  ])("does not keep it from %s", async (_what, command) => {
    const value = random(20);
    const name = `other-${random(6).toLowerCase()}`;
    const seen = started(await image("own:1", MARIADB), name, command, value);
    await eventually(seen, value);
    const moved = await migrate(name);
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    expect(moved.stdout).not.toContain("reads NAME_FILE");
    await eventually(seen, value);
  });

  it("is not forced on another program", async () => {
    const value = random(20);
    const seen = started(await image("own:1", MARIADB), "forced", ["backup"], value);
    const refused = await migrate("forced", "--deliver", "file");
    expect([refused.code, refused.stdout]).toEqual([
      3,
      expect.stringContaining("does not read DB_PASSWORD_FILE for certain when it is started like this"),
    ]);
    await eventually(seen, value);
  });
});

describe("a value that the application had in its environment, and no longer has", () => {
  /** What no reading of the script shows: the program gets it only if the environment had it from the start. */
  const LOSES = `given="\${DB_PASSWORD:-}"\nfile_env DB_PASSWORD\nif [ -z "$given" ]; then exec env -u DB_PASSWORD "$@"; fi\nexec "$@"`;
  const HELPED = `given="\${DB_PASSWORD:-}"\nfile_env DB_PASSWORD\nhelper &\nif [ -z "$given" ]; then unset DB_PASSWORD; fi\ntrap 'exit 0' TERM\nserverd &\nwait`;

  it.each([
    ["by itself", LOSES],
    ["beside another program that has it", HELPED],
  ])("%s: the file was read, and nothing is said to be received", async (_what, entrypoint) => {
    const value = random(20);
    const name = `lost-${random(6).toLowerCase()}`;
    const seen = started(await image(`${name}:1`, entrypoint), name, [], value);
    await eventually(seen, value);
    const moved = await migrate(name, "--deliver", "file");
    expect(moved.code, moved.stdout + moved.stderr).toBe(1);
    expect(moved.stderr).toContain(`${name} is up, but was not seen to read DB_PASSWORD from its file`);
    expect(moved.stderr).toContain("--deliver shim");
    expect(moved.stdout + moved.stderr).not.toMatch(/received|has read/);
    await eventually(seen, value);
    const again = await migrate(name, "--deliver", "shim");
    expect(again.code, again.stdout + again.stderr).toBe(0);
    await eventually(seen, value);
  });
});

describe("a value that no environment has, since the entrypoint keeps it", () => {
  const KEEPS = `file_env DB_PASSWORD\nprintf "start %s." "$DB_PASSWORD" >/tmp/kept\nunset DB_PASSWORD\nexec "$@"`;
  const kept = (name: string): (() => string) => written(name, "/tmp/kept");

  it("counts as received once the kernel saw the container read its file", async () => {
    const value = random(20);
    started(await image("keeps:1", KEEPS), "keeps", [], value);
    const moved = await migrate("keeps");
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    expect(moved.stdout).toContain("the running application has read each value from its file");
    await eventually(kept("keeps"), `start ${value}`);
  });

  it("is looked for at another start where the run that started it was killed", async () => {
    const value = random(20);
    started(await image("keeps:1", KEEPS), "killed", [], value);
    const args = ["migrate", "docker:killed", "--to", "local", "--grace", "300ms", "--yes"];
    expect((await killedAt(world, args, { kind: "after intent check", nth: 0 })).signal).toBe("SIGKILL");
    const resumed = await world.unsprawl(["resume", "last"]);
    expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0);
    expect(resumed.stdout, resumed.stderr).toContain("the running application has read each value from its file");
    await eventually(kept("killed"), `start ${value}`);
  });

  it("is not received where it reads another file, or somebody else reads this one", async () => {
    const value = random(20);
    const entrypoint = `${LOOKS_ELSEWHERE}\n${KEEPS}`;
    started(await image("elsewhere:1", entrypoint), "elsewhere", [], value);
    const reading = setInterval(() => readAll(world.memory), 50);
    try {
      const moved = await migrate("elsewhere");
      expect(moved.code, moved.stdout + moved.stderr).toBe(1);
      expect(moved.stderr).toContain("elsewhere is up, but was not seen to read DB_PASSWORD from its file");
      await eventually(kept("elsewhere"), `start ${value}`);
    } finally {
      clearInterval(reading);
    }
    const accepted = await migrate("elsewhere", "--accept", "unread");
    expect(accepted.code, accepted.stdout + accepted.stderr).toBe(6);
    expect(accepted.stderr).toContain("0 of 1 received; delivered, not seen to be read: DB_PASSWORD");
    expect(accepted.stdout).toContain(
      "Not verified that the application has its values: elsewhere (delivered, not seen",
    );
    expect(accepted.stderr).toContain("exit 6: delivered, not seen to be read: DB_PASSWORD");
  });
});

it.each([["\n"], [" "]])("a value with %j at its end keeps it", async (end) => {
  const value = `${random(20)}${end}`;
  const name = `padded-${random(6).toLowerCase()}`;
  const seen = started(await image("own:1", MARIADB), name, [], value);
  await eventually(seen, value);
  const moved = await migrate(name);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  await eventually(seen, value);
  const forced = await migrate(name, "--deliver", "file");
  expect(forced.stdout).not.toContain("reads NAME_FILE");
});

describe("what the application itself writes", () => {
  const LOGS = 'echo "password is $DB_PASSWORD"';
  const FILLS = 'mkdir -p /etc/app; echo "password=$DB_PASSWORD" >/etc/app/app.conf';
  it.each([
    ["its log", LOGS, "but its log shows DB_PASSWORD", "log"],
    ["a file of its own layer", FILLS, "but a file in its own layer shows DB_PASSWORD", "layer"],
  ])("%s: the engine's files are not said to be clean, and residue names it", async (_what, entrypoint, said, kind) => {
    const name = `writes-${kind}`;
    started(
      await image(`${name}:1`, `${entrypoint}\nexec sh -c "trap 'exit 0' TERM; while :; do sleep 1; done"`),
      name,
      [],
    );
    const moved = await migrate(name, "--deliver", "shim", "--accept", "layer");
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    expect(moved.stderr).toContain(said);
    expect(moved.stdout + moved.stderr).not.toContain("engine's files clean");
    const run = /Plan (\S+):/.exec(moved.stdout)?.[1] ?? "";
    const scrubbed = await world.unsprawl(["scrub", run, "--accept", "key-backup", "--json"]);
    const { residue } = JSON.parse(scrubbed.stdout) as { residue: { kind: string; place: string; name: string }[] };
    expect(residue).toContainEqual(
      expect.objectContaining({ kind, name: "DB_PASSWORD", place: expect.stringContaining(name) }),
    );
    expect(scrubbed.code).toBe(5);
  });
});

describe("what cannot be looked at is not said to be clean", () => {
  const STAYS = `exec sh -c "trap 'exit 0' TERM; while :; do sleep 1; done"`;
  it.each<readonly [string, string, readonly string[], string]>([
    // Without the cache that the engine keeps for drivers whose log is elsewhere.
    [
      "a log that is kept elsewhere",
      "",
      ["--log-driver", "syslog", "--log-opt", "syslog-address=udp://127.0.0.1:9", "--log-opt", "cache-disabled=true"],
      "its log",
    ],
    ["a long log", "head -c 1500000 /dev/zero | tr '\\0' 'a' | fold -w 1000", [], "its log beyond the first MiB"],
    [
      "many files",
      "mkdir -p /etc/many; for one in $(seq 60); do echo a >/etc/many/$one; done",
      [],
      "its own layer beyond 50 files",
    ],
    ["a large file", "head -c 1500000 /dev/zero >/etc/large", [], "large files in its own layer"],
  ])("%s", async (what, entrypoint, options, unseen) => {
    const name = what.replaceAll(" ", "-");
    const value = random(20);
    plant("DB_PASSWORD", value);
    const own = ["--network", "none", "-e", `DB_PASSWORD=${value}`, ...options];
    engine.docker("run", "-d", "--name", name, ...own, await image(`${name}:1`, `${entrypoint}\n${STAYS}`));
    const moved = await migrate(name, "--deliver", "shim", "--accept", "layer");
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    expect(moved.stderr).toContain(`engine's files clean (not looked at: ${unseen})`);
    expect(moved.stdout).toContain(`whether the application wrote values to ${unseen}`);
  });
});

describe("what a tenant's container may try", () => {
  const KEEPS = `${LOOKS_ELSEWHERE}\nfile_env DB_PASSWORD\nunset DB_PASSWORD\nexec "$@"`;
  const check = ["--health-cmd", "cat /run/secrets/* >/dev/null; true", "--health-interval", "300ms"];

  it.each([
    ["a health check that reads the file", check],
    ["a file of its own at the usual place", ["-v", "/etc/hosts:/run/secrets/DB_PASSWORD:ro"]],
  ])("%s is no evidence", async (_what, options) => {
    const name = `tries-${random(6).toLowerCase()}`;
    const value = random(20);
    plant("DB_PASSWORD", value);
    await image(`${name}:1`, KEEPS);
    const env = ["-e", `DB_PASSWORD=${value}`];
    engine.docker("run", "-d", "--name", name, "--network", "none", ...env, ...options, `${name}:1`);
    const moved = await migrate(name, "--deliver", "file");
    expect(moved.code, moved.stdout + moved.stderr).toBe(1);
    expect(moved.stderr).toContain("was not seen to read DB_PASSWORD from its file");
  });

  it("a file in place of a folder of secrets keeps no container down", async () => {
    const value = random(20);
    plant("DB_PASSWORD", value);
    const env = ["-e", `DB_PASSWORD=${value}`, "-v", "/etc/hosts:/run/secrets:ro"];
    engine.docker("run", "-d", "--name", "odd-mount", "--network", "none", ...env, await image("own:1", MARIADB));
    const moved = await migrate("odd-mount");
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    await eventually(written("odd-mount", "/tmp/seen"), value);
  });

  it("words of a program that are its secret are not in the journal", async () => {
    const value = `/${random(20)}`;
    const entrypoint = `file_env DB_PASSWORD\ncat /bin/serverd >"$DB_PASSWORD"\nexec sh "$DB_PASSWORD"`;
    const seen = started(await image("words:1", entrypoint), "words", [], value);
    await eventually(seen, value);
    await migrate("words", "--deliver", "shim", "--accept", "layer");
    const runs = join(world.dir, "state/unsprawl/runs");
    for (const file of readdirSync(runs)) expect(readFileSync(join(runs, file), "utf8")).not.toContain(value);
  });
});

it("behind an init, which is given the script, its own program gets the value by a file", async () => {
  const value = random(20);
  plant("DB_PASSWORD", value);
  const env = ["-e", `DB_PASSWORD=${value}`];
  engine.docker("run", "-d", "--init", "--name", "inited", "--network", "none", ...env, await image("own:1", MARIADB));
  const moved = await migrate("inited");
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  expect(moved.stdout).toContain("reads NAME_FILE");
  await eventually(written("inited", "/tmp/seen"), value);
});

it("the words behind a script are the program's, and not the script's", async () => {
  const loses = `given="\${DB_PASSWORD:-}"\nfile_env DB_PASSWORD\nif [ -z "$given" ]; then exec env -u DB_PASSWORD "$@"; fi\nexec "$@"`;
  const value = random(20);
  plant("DB_PASSWORD", value);
  // As the first process `sleep` ends by no signal that it is sent.
  const how = ["--network", "none", "--stop-timeout", "1", "-e", `DB_PASSWORD=${value}`];
  const command = ["--entrypoint", "docker-entrypoint.sh", await image("behind:1", loses), "sleep", "100000"];
  engine.docker("run", "-d", "--name", "behind", ...how, ...command);
  const moved = await migrate("behind", "--deliver", "file");
  expect(moved.code, moved.stdout + moved.stderr).toBe(1);
  expect(moved.stderr).toContain("was not seen to read DB_PASSWORD from its file");
});

/** As a backup of the host would. */
function readAll(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) readFileSync(join(entry.parentPath, entry.name));
}

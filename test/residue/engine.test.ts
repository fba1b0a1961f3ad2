import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { DoctorCheck } from "../../src/core/doctor.ts";
import type { Residue } from "../../src/core/residue.ts";
import type { ScrubResult } from "../../src/core/scrub.ts";
import type { MovedValue } from "../../src/contract/look.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { Secret } from "../../src/model/secret.ts";
import { fileLook } from "../../src/residue/files.ts";
import { logLook } from "../../src/residue/logs.ts";
import { which } from "../services/apt.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { workerEngine } from "../services/worker-engine.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";
import { password } from "./looking.ts";

const { host } = await workerEngine();
const names = new Set<string>();
const worlds: World[] = [];

afterAll(() => {
  docker("rm", "-f", "-v", ...names);
  for (const world of worlds) world.remove();
});

function docker(...args: string[]): string {
  return execFileSync(which("docker") ?? "docker", args, {
    env: { PATH: process.env["PATH"], DOCKER_HOST: host },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trimEnd();
}

function start(name: string, ...args: string[]): void {
  names.add(name);
  docker("run", "-d", "--network", "none", "--stop-timeout", "1", "--name", name, ...args);
}

type Moved = { readonly world: World; readonly run: string };

/** A container whose variables have been moved, in a world of its own: no other run is looked at. */
async function moved(name: string, variables: { readonly [name: string]: string }): Promise<Moved> {
  const world = makeWorld(host);
  worlds.push(world);
  start(name, ...Object.entries(variables).flatMap(([key, value]) => ["-e", `${key}=${value}`]), BUSYBOX, ...APP);
  const options = ["--to", "local", "--deliver", "shim", "--grace", "100ms", "--yes", "--min-confidence", "low"];
  const ran = await world.unsprawl(["migrate", `docker:${name}`, ...options]);
  expect([0, 3], ran.stderr).toContain(ran.code);
  const run = /Plan (\S+):/.exec(ran.stdout)?.[1] ?? "";
  names.add(`${name}-before-${run}`);
  return { world, run };
}

async function scrub({ world, run }: Moved): Promise<{ ran: Ran; result: ScrubResult & Residue }> {
  const ran = await world.unsprawl(["scrub", run, "--json", "--accept", "key-backup"]);
  expect(ran.stdout, ran.stderr).toContain('"version":1');
  return { ran, result: JSON.parse(ran.stdout) as ScrubResult & Residue };
}

async function doctor({ world }: Moved): Promise<{ ran: Ran; checks: readonly DoctorCheck[] }> {
  const ran = await world.unsprawl(["doctor", "--json"]);
  const { checks } = JSON.parse(ran.stdout) as { checks: DoctorCheck[] };
  return { ran, checks: checks.filter(({ name }) => name === "residue") };
}

const places = ({ residue }: Residue): string[] => residue.map(({ kind, place, name }) => `${kind} ${place} ${name}`);

/** Files that a container reads: their text stands in nothing that the engine shows. */
function folderOf({ world }: Moved, files: { readonly [name: string]: string }): string {
  const dir = join(world.memory, "in");
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

describe("after a run", () => {
  it("that nothing else shows the values of, scrub and doctor say so, with what they looked at", async () => {
    const run = await moved("residue-clean", { DB_PASSWORD: password() });
    const before = await doctor(run);
    expect(before.checks).toEqual([
      {
        name: "residue",
        state: "ok",
        ok: true,
        text: expect.stringContaining("1 value, only what is kept for rollback shows it") as string,
        hint: `unsprawl scrub ${run.run}`,
      },
    ]);
    expect(before.ran.code, before.ran.stdout).toBe(0);
    const { ran, result } = await scrub(run);
    expect(ran.code, ran.stdout).toBe(0);
    expect(result).toMatchObject({ values: 1, residue: [], unseen: [], unknown: [], plain: [] });
    expect(result.looked["container"]).toBeGreaterThan(0);
    expect(result.looked["image"]).toBeGreaterThan(0);
    expect(result.looked["log"]).toBeGreaterThan(0);
    const { checks } = await doctor(run);
    expect(checks).toHaveLength(1);
    expect(checks[0]).toMatchObject({ state: "ok", hint: null });
    expect(checks[0]?.text).toMatch(
      new RegExp(`^run ${run.run}: 1 value, nothing shows it; searched \\d+ containers?, \\d+ images?`),
    );
    const text = await run.world.unsprawl(["scrub", run.run, "--accept", "key-backup"]);
    expect([text.code, text.stdout]).toEqual([
      0,
      expect.stringMatching(/looked for 1 value in .*nothing else shows it/),
    ]);
  });

  it("what else shows them is told, each with what to type, and nothing is changed", async () => {
    const value = password();
    const encoded = Buffer.from(value).toString("base64");
    const run = await moved("residue-shop", { DB_PASSWORD: value });
    docker("create", "--name", "residue-worker", "-e", `DB_PASSWORD=${value}`, "--label", `copy=${value}`, BUSYBOX);
    docker(
      "create",
      "--name",
      "residue-argument",
      BUSYBOX,
      "app",
      `--dsn=postgres://app:${encodeURIComponent(value)}@db`,
    );
    docker(
      "volume",
      "create",
      "--opt",
      "type=cifs",
      "--opt",
      "device=//nas/share",
      "--opt",
      `o=password=${value}`,
      "residue-volume",
    );
    docker("commit", "-c", `ENV OLD_SECRET=${encoded}`, "residue-clean", "residue-image:1");
    for (const name of ["residue-worker", "residue-argument"]) names.add(name);
    const lists = [
      ["ps", "-aq", "--filter", "name=residue-"],
      ["images", "-q"],
      ["volume", "ls", "-q"],
    ];
    const state = (): string[] =>
      lists.map((list) =>
        docker(...list)
          .split("\n")
          .toSorted()
          .join(" "),
      );
    try {
      const { ran, result } = await scrub(run);
      const before = state();
      expect(ran.code).toBe(5);
      expect(places(result).toSorted()).toEqual([
        "container residue-argument: Args[0], Config.Cmd[1] DB_PASSWORD",
        "container residue-worker: Config.Env.DB_PASSWORD, Config.Labels.copy DB_PASSWORD",
        "image residue-image:1: Config.Env.OLD_SECRET DB_PASSWORD",
        "volume residue-volume: Options.o DB_PASSWORD",
      ]);
      const next = (kind: string): string | null | undefined => result.residue.find((one) => one.kind === kind)?.next;
      expect(result.residue.find(({ place }) => place.startsWith("residue-worker"))?.next).toBe(
        "unsprawl plan docker:residue-worker --to local",
      );
      expect(next("image")).toBe("unsprawl plan image:residue-image:1 --to local, and rotate DB_PASSWORD");
      expect(next("volume")).toContain("docker volume inspect residue-volume");
      const { ran: doctored, checks } = await doctor(run);
      expect(doctored.code).toBe(1);
      expect(checks.filter(({ state }) => state === "fail")).toHaveLength(4);
      const text = await run.world.unsprawl(["scrub", run.run, "--accept", "key-backup"]);
      expect(text.stdout).toContain("residue: DB_PASSWORD in container residue-worker: Config.Env.DB_PASSWORD");
      expect(text.stdout).toMatch(/4 places still show it/);
      const skipped = await run.world.unsprawl(["scrub", run.run, "--no-residue", "--json", "--accept", "key-backup"]);
      expect([skipped.code, JSON.parse(skipped.stdout)]).toEqual([0, expect.objectContaining({ residue: null })]);
      expect(state()).toEqual(before);
    } finally {
      docker("rm", "-f", "residue-worker", "residue-argument");
      docker("image", "rm", "residue-image:1");
      docker("volume", "rm", "residue-volume");
    }
  });

  it("logs: across writes, entries, streams and a terminal", async () => {
    const [value, lines] = [password(), `${password()}\n${password()}`];
    const run = await moved("residue-logs", { DB_PASSWORD: value, SIGNING_SECRET: lines });
    // The engine makes an entry of 16 KiB at most: the value stands on both sides of that.
    const input = {
      first: value.slice(0, 7),
      second: value.slice(7),
      long: "x".repeat(16 * 1024 - 5) + value,
      lines: `before\n${lines}\nafter\n`,
    };
    const mount = ["-v", `${folderOf(run, input)}:/in:ro`];
    start("residue-writes", ...mount, BUSYBOX, "sh", "-c", "cat /in/first; sleep 0.3; cat /in/second");
    start("residue-entries", ...mount, BUSYBOX, "cat", "/in/long");
    start("residue-stderr", ...mount, BUSYBOX, "sh", "-c", "cat /in/lines >&2");
    start("residue-tty", "-t", ...mount, BUSYBOX, "sh", "-c", "cat /in/first; sleep 0.3; cat /in/second");
    start("residue-local", "--log-driver", "local", ...mount, BUSYBOX, "cat", "/in/long");
    start("residue-none", "--log-driver", "none", ...mount, BUSYBOX, "cat", "/in/long");
    // Half on each stream is no value.
    start("residue-halves", ...mount, BUSYBOX, "sh", "-c", "cat /in/first; cat /in/second >&2");
    const splunk = ["--log-opt", "splunk-token=x", "--log-opt", "splunk-url=https://127.0.0.1:1"];
    docker("create", "--name", "residue-elsewhere", "--log-driver", "splunk", ...splunk, BUSYBOX, "true");
    docker("wait", "residue-writes", "residue-entries", "residue-stderr", "residue-tty", "residue-local");
    const [{ ran, result }, { checks }] = [await scrub(run), await doctor(run)];
    docker("rm", "-f", "residue-elsewhere");
    expect(ran.code).toBe(5);
    expect(places(result).toSorted()).toEqual([
      "log residue-entries DB_PASSWORD",
      "log residue-local DB_PASSWORD",
      "log residue-stderr SIGNING_SECRET",
      "log residue-tty DB_PASSWORD",
      "log residue-writes DB_PASSWORD",
    ]);
    expect(result.unseen).toEqual([
      { place: "the log of residue-elsewhere", why: "its log driver splunk keeps it elsewhere" },
    ]);
    // What could not be searched is not called clean.
    expect(checks.filter(({ state }) => state === "fail")).toHaveLength(5);
    expect(checks.filter(({ state, text }) => state === "unknown" && text.includes("residue-elsewhere"))).toHaveLength(
      1,
    );
  });

  it("a long log: its beginning and its end are read, and that it was cut is said", async () => {
    const [first, middle, last] = [password(), password(), password()];
    const dir = mkdtempSync("/dev/shm/unsprawl-residue-");
    const lines = "a line of a log\n".repeat(8 * 1024);
    writeFileSync(join(dir, "log"), `${first}\n${lines}${middle}\n${lines}${last}\n`);
    start("residue-long", "-v", `${dir}:/in:ro`, BUSYBOX, "cat", "/in/log");
    docker("wait", "residue-long");
    rmSync(dir, { recursive: true });
    const look = logLook(async () => openEngine({ DOCKER_HOST: host }), 64 * 1024);
    const marks = Object.entries({ first, middle, last }).map(([name, value]): MovedValue => ({
      name,
      value: Secret.of(value),
      runs: ["20261125-000000-0000"],
      store: "local",
    }));
    const told: string[] = [];
    for await (const one of look.look(marks, { signal: new AbortController().signal, looked: () => undefined }))
      if (one.place.includes("residue-long")) told.push("mark" in one ? one.mark.name : one.why);
    expect(told).toEqual(["first", "last", "it is long: its first and last 64 KiB were read"]);
  });

  it("a plain word counts only beside its own name", async () => {
    const run = await moved("residue-plain", { DB_PASSWORD: "postgres" });
    names.add("residue-postgres").add("residue-same");
    docker("create", "--name", "residue-postgres", "-e", "POSTGRES_USER=postgres", BUSYBOX, "postgres");
    docker("create", "--name", "residue-same", "-e", "DB_PASSWORD=postgres", BUSYBOX, "true");
    const { result } = await scrub(run);
    expect(places(result)).toEqual(["container residue-same: Config.Env.DB_PASSWORD DB_PASSWORD"]);
    expect(result.plain).toEqual(["DB_PASSWORD"]);
    const text = await run.world.unsprawl(["scrub", run.run, "--accept", "key-backup"]);
    expect(text.stdout).toContain("the value of DB_PASSWORD is a plain word: it was looked for only beside that name");
  });
});

it("an image that a run keeps is told with its scrub, and gone after it", async () => {
  const value = password();
  const world = makeWorld(host);
  worlds.push(world);
  docker("create", "--name", "residue-built", BUSYBOX, "true");
  docker("commit", "-c", `ENV DB_PASSWORD=${value}`, "residue-built", "residue-built:1");
  docker("rm", "residue-built");
  const ran = await world.unsprawl(["migrate", "image:residue-built:1", "--to", "local", "--yes"]);
  expect(ran.code, ran.stderr).toBe(0);
  const run = /Plan (\S+):/.exec(ran.stdout)?.[1] ?? "";
  const { ran: doctored, checks } = await doctor({ world, run });
  expect([doctored.code, checks]).toEqual([
    0,
    [expect.objectContaining({ state: "ok", hint: `unsprawl scrub ${run}` }) as DoctorCheck],
  ]);
  const { ran: scrubbed, result } = await scrub({ world, run });
  docker("image", "rm", "residue-built:1");
  expect([scrubbed.code, result.residue]).toEqual([0, []]);
});

it("the folder of a Compose project that a moved container is of is looked at", async () => {
  const value = password();
  const dir = mkdtempSync("/dev/shm/unsprawl-residue-");
  writeFileSync(join(dir, "compose.yaml.bak"), `password: ${value}\n`);
  names.add("residue-composed");
  // What Compose itself puts on a container; less than that is not believed.
  const labels = {
    project: "residue",
    service: "app",
    "config-hash": "0",
    "project.working_dir": dir,
    "project.config_files": join(dir, "compose.yaml"),
  };
  const words = Object.entries(labels).flatMap(([name, text]) => ["--label", `com.docker.compose.${name}=${text}`]);
  docker("create", "--name", "residue-composed", ...words, BUSYBOX, "true");
  const about = { files: [], folders: [], engine: true, containers: ["residue-composed"] };
  const mark: MovedValue = {
    name: "DB_PASSWORD",
    value: Secret.of(value),
    runs: ["20261125-000000-0000"],
    store: "local",
  };
  const told: string[] = [];
  const look = fileLook(about, async () => openEngine({ DOCKER_HOST: host }));
  for await (const { place } of look.look([mark], { signal: new AbortController().signal, looked: () => undefined }))
    told.push(place);
  rmSync(dir, { recursive: true });
  expect(told).toEqual([`${dir}/compose.yaml.bak:1`]);
});

describe("a value that", () => {
  it("nobody has any more is not called clean", async () => {
    const run = await moved("residue-lost", { DB_PASSWORD: password() });
    await scrub(run);
    const age = join(run.world.dir, "age/keys.txt");
    const unreadable = { SOPS_AGE_KEY_FILE: `${age}.gone` };
    const closed = await run.world.unsprawl(["doctor", "--json"], { env: unreadable });
    const { checks } = JSON.parse(closed.stdout) as { checks: DoctorCheck[] };
    const [first, ...more] = checks.filter(({ name }) => name === "residue");
    expect([closed.code, first?.state, more]).toEqual([1, "fail", []]);
    expect(first?.text).not.toContain("clean");
    const scrubbed = await run.world.unsprawl(["scrub", run.run, "--json", "--accept", "key-backup"], {
      env: unreadable,
    });
    expect(scrubbed.code).toBe(5);
    expect(JSON.parse(scrubbed.stdout)).toMatchObject({
      values: 0,
      unknown: [{ name: "DB_PASSWORD", rotated: false }],
    });
  });

  it("was rotated since fails nothing", async () => {
    const run = await moved("residue-rotated", { DB_PASSWORD: password() });
    await scrub(run);
    docker("rm", "-f", "residue-rotated");
    start("residue-rotated", "-e", `DB_PASSWORD=${password()}`, BUSYBOX, ...APP);
    const again = ["migrate", "docker:residue-rotated", "--to", "local", "--deliver", "shim", "--grace", "100ms"];
    const ran = await run.world.unsprawl([...again, "--overwrite", "--yes"]);
    expect(ran.code, ran.stderr).toBe(0);
    names.add(`residue-rotated-before-${/Plan (\S+):/.exec(ran.stdout)?.[1] ?? ""}`);
    const { ran: doctored, checks } = await doctor(run);
    expect(checks.map(({ state }) => state)).toEqual(["ok", "ok"]);
    expect(checks[0]?.text).toContain("the store holds another value by now");
    expect(doctored.code).toBe(0);
  });
});

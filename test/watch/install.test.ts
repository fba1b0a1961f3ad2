import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { SOURCES } from "../../src/assembly/plug-ins.ts";
import { unitCommands } from "../../src/files/units/unit-words.ts";
import { calendarOf, cronOf } from "../../src/watch/install/calendar.ts";
import { installation } from "../../src/watch/install/index.ts";
import type { InstallForm, WatchInstallation } from "../../src/watch/install/model.ts";
import type { InstallRequest } from "../../src/watch/install/settings.ts";
import { placedFiles, writeFiles } from "../../src/watch/install/write.ts";
import { need } from "../services/apt.ts";
import { composeCli } from "../services/compose.ts";
import { pythonProgram } from "../services/python.ts";
import { complaints } from "../services/systemd.ts";
import { makeWorld, type World } from "../support/world.ts";

let world: World;
let dir: string;

beforeAll(() => {
  world = makeWorld("unix:///nowhere");
  dir = mkdtempSync(join(tmpdir(), "unsprawl-install-"));
  writeFileSync(join(dir, "config.yaml"), "minConfidence: high\n");
  writeFileSync(join(dir, "hook.key"), "made for this test alone\n");
});

afterAll(() => {
  world.remove();
  rmSync(dir, { recursive: true });
});

/** Which systemd can find, wherever this clone lies. */
const PROGRAM = ["/bin/sh", "/opt/unsprawl/dist/main.js"];
const DAEMON = { sources: ["docker:"], every: "15m", cron: null, once: false, events: true, hosts: null, more: [] };
/** Characters that each of the languages here has a meaning of its own for. */
const ODD = `registry:reg.example/a b$x$(c)%h\\"'{{d}}#e`;

type More = Partial<Omit<InstallRequest, "watching">> & Partial<InstallRequest["watching"]>;

function asked(more: More = {}): InstallRequest {
  const { sources, every, cron, once, events, hosts, ...rest } = more;
  const given = { sources, every, cron, once, events, hosts };
  const watching = { ...DAEMON, ...Object.fromEntries(Object.entries(given).filter(([, one]) => one !== undefined)) };
  return {
    ...{ image: null, config: null, group: "998", secrets: [], metricsFile: null, shareState: false, fleet: false },
    ...{ program: PROGRAM, cwd: dir, env: {}, known: SOURCES },
    ...rest,
    watching,
  };
}

const contained = (more: More = {}): InstallRequest =>
  asked({ image: "registry.example:5000/team/unsprawl:1", ...more });

/** Writes what is made into a folder of its own. */
async function written(
  form: InstallForm,
  given: InstallRequest,
): Promise<{ folder: string; made: WatchInstallation; paths: string[] }> {
  const folder = mkdtempSync(join(dir, `${form}-`));
  const made = installation(form, given);
  const placed = placedFiles(made.files, folder, dir);
  await writeFiles(placed, false);
  return { folder, made, paths: placed.map(({ path }) => path) };
}

const textOf = (made: WatchInstallation): string => made.files.map(({ text }) => text).join("\n");

describe("systemd", () => {
  const SECRET = ["hook.key=hook.key"];
  const KINDS: readonly [what: string, more: More, atMost: number][] = [
    ["a daemon", {}, 1.3],
    ["a daemon that is told of secrets and a configuration", { secrets: SECRET, config: "config.yaml" }, 1.3],
    ["a timer", { once: true }, 1.3],
    ["a timer by the calendar", { once: true, every: null, cron: "*/20 3 1,15 * mon-fri" }, 1.3],
    ["without an engine", { sources: ["registry:reg.example/app"] }, 1.1],
    ["with a user's state", { shareState: true }, 2.0],
    ["many hosts", { shareState: true, hosts: ["web*", "db1"], events: false }, 2.0],
    ["with odd words", { sources: [ODD, "dir:my files/%i"] }, 1.3],
  ];

  it.each(KINDS)("%s: systemd finds nothing wrong, and nothing that stands open", async (_what, more, atMost) => {
    const { folder, paths } = await written("systemd", asked(more));
    for (const path of paths) expect(await complaints(folder, basename(path))).toBe("");
    const [service = ""] = paths;
    const analyze = await need("systemd-analyze", ["systemd"]);
    // Fails above the threshold, which is in tenths.
    const args = ["security", "--offline=true", `--threshold=${Math.round(atMost * 10)}`, service];
    const judged = spawnSync(analyze, args, { encoding: "utf8" });
    expect(judged.stdout).toMatch(/Overall exposure level for unsprawl-watch(?:-once)?\.service: [012]\.\d/);
    expect(judged.status, judged.stdout).toBe(0);
  });

  it("each word gets to unsprawl as it was given", () => {
    const made = installation("systemd", asked({ sources: [ODD, "dir:my files/%i"] }));
    const [command = []] = unitCommands(textOf(made));
    expect(command.map((word) => word.text)).toEqual([
      ...[...PROGRAM, "watch", ODD, `dir:${join(dir, "my files/%i")}`, "--every", "15m", "--events"],
    ]);
    expect(command.filter(({ expands }) => expands)).toEqual([]);
  });

  it("a line's end in a word begins no setting", () => {
    const made = installation("systemd", asked({ sources: ["docker:x\nExecStartPre=/bin/false"] }));
    expect(textOf(made).match(/^Exec\w+=/gm)).toEqual(["ExecStart="]);
  });

  it.each<[cron: string, calendar: readonly string[]]>([
    ["0 3 * * *", ["*-*-* 03:00:00"]],
    ["*/15 * * * *", ["*-*-* *:00,15,30,45:00"]],
    ["5 0-6/3 * jan-mar *", ["*-01,02,03-* 00,03,06:05:00"]],
    ["0 9 * * 1-5", ["Mon,Tue,Wed,Thu,Fri *-*-* 09:00:00"]],
    ["0 9 * * 7", ["Sun *-*-* 09:00:00"]],
    ["0 9 1 * mon", ["Mon *-*-* 09:00:00", "*-*-01 09:00:00"]],
    ["0 9 */10 * mon", ["Mon *-*-01,11,21,31 09:00:00"]],
  ])("the crontab's %j is systemd's %j", async (cron, calendar) => {
    expect(calendarOf(cron)).toEqual(calendar);
    const analyze = await need("systemd-analyze", ["systemd"]);
    const judged = spawnSync(analyze, ["calendar", ...calendar], { encoding: "utf8" });
    expect(judged.status, judged.stderr).toBe(0);
  });

  it.each([
    "",
    "0 3 * *",
    "60 * * * *",
    "* * * * mond",
    "*/0 * * * *",
    "5-1 * * * *",
    "1-2-3 * * * *",
    "1/2/3 * * * *",
  ])("%j is no crontab's line", (cron) => {
    expect(() => calendarOf(cron)).toThrow(/^--cron /);
  });

  it("the metrics' file can be written, and be read by others where it is the service's own", () => {
    const of = (metricsFile: string): string => textOf(installation("systemd", asked({ metricsFile })));
    expect(of("/run/unsprawl/unsprawl.prom")).toContain("\nRuntimeDirectory=unsprawl\n");
    expect(() => installation("systemd", asked({ metricsFile: "/run/unsprawl/unsprawl.prom", once: true }))).toThrow(
      expect.objectContaining({ code: "refused" }) as Error,
    );
    expect(of("/var/lib/node exporter/x.prom")).toContain('\nReadWritePaths="/var/lib/node exporter"\n');
  });

  it("says what to type, with the files where they are", async () => {
    const here = installation("systemd", asked());
    expect(here.files.map(({ path }) => path)).toEqual(["/etc/systemd/system/unsprawl-watch.service"]);
    expect(here.next(here.files.map(({ path }) => path))[0]).toBe("systemctl daemon-reload");
    const { made, paths } = await written("systemd", asked({ once: true }));
    expect(made.next(paths).slice(0, 3)).toEqual([
      `cp ${paths.join(" ")} /etc/systemd/system/`,
      "systemctl daemon-reload",
      "systemctl enable --now unsprawl-watch-once.timer",
    ]);
    expect(made.notes.join("\n")).toContain("--share-state");
  });
});

describe("compose", () => {
  type Project = { services: { [name: string]: { [key: string]: unknown } } };

  async function composed(given: InstallRequest): Promise<Project> {
    const { paths } = await written("compose", given);
    const compose = await composeCli();
    const args = ["-f", paths[0] ?? "", "config", "--format", "json"];
    return JSON.parse(execFileSync(compose, args, { encoding: "utf8", stdio: "pipe" })) as Project;
  }

  it("is what Compose reads, with the least that it needs", async () => {
    const { services } = await composed(contained({ sources: ["docker:", ODD], secrets: ["hook.key=hook.key"] }));
    expect(services["watch"]).toMatchObject({
      // Compose writes a dollar as two.
      command: ["watch", "docker:", ODD.replaceAll("$", "$$$$"), "--every", "15m", "--events"],
      ...{ user: "65532:998", read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] },
      secrets: [{ source: "hook.key", target: "/run/secrets/hook.key" }],
      volumes: [
        { type: "bind", source: "/var/run/docker.sock", target: "/var/run/docker.sock", read_only: true },
        { type: "volume", source: "state", target: "/var/lib/unsprawl" },
      ],
    });
    expect(services["watch"]).not.toHaveProperty("privileged");
  });

  it("without an engine there is no socket", async () => {
    const registry = await composed(contained({ sources: ["registry:reg.example/app"] }));
    expect(JSON.stringify(registry)).not.toContain("docker.sock");
    expect(registry.services["watch"]).toMatchObject({ user: "65532:65532" });
  });

  it("the fleet has a server and workers, and nobody has a socket", async () => {
    const { services } = await composed(contained({ fleet: true, sources: [], secrets: ["database.url=hook.key"] }));
    expect(Object.keys(services)).toEqual(["serve", "worker"]);
    expect(services["worker"]).toMatchObject({ command: ["fleet", "worker"], user: "65532:65532" });
    expect(JSON.stringify(services)).not.toContain("docker.sock");
  });
});

describe("kubernetes", () => {
  type Doc = { kind: string; metadata: { name: string }; spec?: { [key: string]: unknown } };
  const docs = (made: WatchInstallation): Doc[] => parseAllDocuments(textOf(made)).map((one) => one.toJS() as Doc);

  it("is valid to Kubernetes' own schema", async () => {
    const validate = await pythonProgram("kubernetes-validate");
    const all = [
      contained({ sources: ["docker:", ODD], secrets: ["hook.key=hook.key"] }),
      contained({ sources: [], fleet: true }),
      contained({ sources: ["docker:shop-*", "registry:reg.example/app"], fleet: true, config: "config.yaml" }),
    ];
    const files = await Promise.all(all.map(async (given) => (await written("kubernetes", given)).paths[0] ?? ""));
    expect(() => execFileSync(validate, ["--strict", "--quiet", ...files], { stdio: "pipe" })).not.toThrow();
  });

  it("engines are watched on their nodes, registries from anywhere", () => {
    const made = installation("kubernetes", contained({ sources: ["docker:", "registry:reg.example/app"] }));
    const kinds = docs(made).map(({ kind, metadata: { name } }) => `${kind} ${name}`);
    expect(kinds).toEqual([
      ...["Namespace unsprawl", "ServiceAccount unsprawl", "DaemonSet watch"],
      ...["PersistentVolumeClaim registries", "CronJob registries"],
    ]);
    const [set, job] = [docs(made)[2], docs(made)[4]];
    expect(JSON.stringify(set)).toContain('"args":["watch","docker:","--every","15m","--events"]');
    expect(JSON.stringify(job)).toContain('"args":["watch","registry:reg.example/app","--once","--fail-on","never"]');
    expect(job?.spec).toMatchObject({ schedule: "*/15 * * * *", concurrencyPolicy: "Forbid" });
  });

  it("what has no engine keeps to the restricted Pod Security Standard", () => {
    const made = docs(installation("kubernetes", contained({ sources: ["registry:reg.example/app"], fleet: true })));
    expect(made[0]?.metadata).toMatchObject({ labels: { "pod-security.kubernetes.io/enforce": "restricted" } });
    const pods = podSpecs(made);
    expect(pods).toHaveLength(3);
    for (const pod of pods) {
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      // pod-security-standards, restricted: allowPrivilegeEscalation, capabilities, volume types.
      for (const { securityContext } of pod.containers)
        expect(securityContext).toEqual({
          ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
        });
      const kinds = new Set(pod.volumes.flatMap(({ name: _name, ...volume }) => Object.keys(volume)));
      for (const kind of kinds) expect(["configMap", "emptyDir", "persistentVolumeClaim", "secret"]).toContain(kind);
    }
  });

  it("the database's address is a Secret's, and in no variable", () => {
    const made = installation("kubernetes", contained({ sources: [], fleet: true }));
    expect(textOf(made)).toContain("urlFile: /run/secrets/database.url");
    expect(textOf(made)).not.toContain("secretKeyRef");
    expect(made.next(["f.yaml"]).join("\n")).toContain(`--from-file=database.url=${dir}/database.url`);
  });

  it.each([
    ["7m", /does not divide an hour or a day/],
    ["90s", /does not divide an hour or a day/],
  ])("a CronJob has no words for every %s", (every, says) => {
    const given = contained({ sources: ["registry:reg.example/app"], every });
    expect(() => installation("kubernetes", given)).toThrow(says);
  });

  it.each<[ms: number, cron: string | null]>([
    [60_000, "*/1 * * * *"],
    [3_600_000, "0 * * * *"],
    [6 * 3_600_000, "0 */6 * * *"],
    [86_400_000, "0 0 * * *"],
    [5 * 3_600_000, null],
  ])("every %i ms is %s", (ms, cron) => {
    expect(cronOf(ms)).toBe(cron);
  });
});

type Pod = {
  securityContext: object;
  containers: { securityContext: object }[];
  volumes: { name: string }[];
};

function podSpecs(docs: unknown): Pod[] {
  if (typeof docs !== "object" || docs === null) return [];
  if ("containers" in docs) return [docs as Pod];
  return Object.values(docs).flatMap(podSpecs);
}

describe("what is asked wrongly", () => {
  it.each<[form: InstallForm, more: More, says: RegExp]>([
    ["compose", {}, /--image REF/],
    ["swarm", { image: "a b" }, /not an image's name/],
    ["kubernetes", { image: "x", sources: ["dir:."] }, /a container has only docker:, image:, registry:/],
    ["compose", { image: "x", sources: ["shop"] }, /not a source/],
    ["systemd", { sources: ["inspect:-"] }, /no standard input/],
    ["systemd", { fleet: true }, /--fleet is for/],
    ["swarm", { image: "x", shareState: true }, /--share-state is for systemd/],
    ["kubernetes", { image: "x", hosts: [] }, /--hosts is for systemd/],
    ["compose", { image: "x", group: "docker" }, /a group's number/],
    ["systemd", { group: "a b" }, /not a group/],
    ["compose", { image: "x", group: null, env: { DOCKER_HOST: "unix:///nowhere/x.sock" } }, /--socket-group GID/],
    ["systemd", { env: { DOCKER_HOST: "ssh://root@far" } }, /reached at ssh:\/\/root@far/],
    ["systemd", { secrets: ["hook.key"] }, /NAME=FILE/],
    ["systemd", { secrets: ["../x=hook.key"] }, /NAME=FILE/],
  ])("%s %j", (form, more, says) => {
    expect(() => installation(form, asked(more))).toThrow(says);
  });
});

describe("what is there is not written over", () => {
  it("all or nothing, and what is the same stays", async () => {
    const { folder, made, paths } = await written("systemd", asked({ once: true }));
    const placed = placedFiles(made.files, folder, dir);
    expect(await writeFiles(placed, false)).toEqual([]);
    const [service = "", timer = ""] = paths;
    writeFileSync(timer, "mine\n");
    rmSync(service);
    await expect(writeFiles(placed, false)).rejects.toMatchObject({
      code: "conflict",
      message: `${timer} exists and differs; nothing was written`,
    });
    expect(() => readFileSync(service)).toThrow("ENOENT");
    expect(await writeFiles(placed, true)).toEqual(paths);
    expect(readFileSync(timer, "utf8")).toContain("[Timer]");
  });
});

it("unsprawl finds no secret in what it writes", async () => {
  const secrets = ["hook.key=hook.key", "database.url=hook.key"];
  const [units, compose, swarm, kubernetes, image] = await Promise.all([
    written("systemd", asked({ once: true, secrets })),
    written("compose", contained({ secrets, fleet: true })),
    written("swarm", contained({ secrets, config: "config.yaml", fleet: true })),
    written("kubernetes", contained({ secrets, sources: ["docker:", "registry:reg.example/app"], fleet: true })),
    written("dockerfile", asked()),
  ]);
  const scanned = await world.unsprawl([
    ...["scan", `systemd:${units.folder}`, `compose:${compose.paths[0]}`, `compose:${swarm.paths[0]}`],
    ...[`kubernetes:${kubernetes.paths[0]}`, `dockerfile:${image.paths[0]}`, `dir:${image.folder}`],
    ...["--min-confidence", "low", "--json"],
  ]);
  const { findings, sources } = JSON.parse(scanned.stdout) as {
    findings: unknown[];
    sources: { errors: unknown[]; subjects: number }[];
  };
  expect(findings).toEqual([]);
  expect(sources.flatMap(({ errors }) => errors)).toEqual([]);
  for (const { subjects } of sources) expect(subjects).toBeGreaterThan(0);
  expect(scanned.code).toBe(0);
});

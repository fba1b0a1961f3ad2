import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SourceReading } from "../../src/contract/source.ts";
import type { FastSource } from "../../src/fast/index.ts";
import { plainReadings } from "../../src/fast/plain.ts";
import { openEngine, type Engine } from "../../src/engine/engine.ts";
import { dockerSource } from "../../migrations/docker-container/read.ts";
import { imageSource } from "../../migrations/image/read.ts";
import { inspectSource } from "../../src/sources/inspect-file.ts";
import { which } from "../services/apt.ts";
import { BUSYBOX } from "../services/images.ts";
import { workerEngine } from "../services/worker-engine.ts";

const { host } = await workerEngine();
let dir: string;
let engine: Engine;

function docker(...args: string[]): string {
  return execFileSync(which("docker") ?? "docker", args, {
    env: { PATH: process.env["PATH"], HOME: dir, DOCKER_HOST: host },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trimEnd();
}

async function read(source: FastSource, what: string, signal = new AbortController().signal): Promise<SourceReading[]> {
  const all: SourceReading[] = [];
  for await (const reading of plainReadings(source.read(what, signal))) all.push(reading);
  return all;
}

type Subject = Extract<SourceReading, { kind: "subject" }>;

const subjects = (all: readonly SourceReading[], kind: string): Subject[] =>
  all.filter((one): one is Subject => one.kind === "subject" && one.subject.kind === kind);
const names = (all: readonly SourceReading[]): string[] =>
  subjects(all, "container")
    .map((one) => one.subject.name)
    .sort();
const value = (subject: Subject | undefined, path: string): string | undefined =>
  subject?.candidates
    .find(({ location }) => location.path === path)
    ?.value.expose()
    .toString();

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-sources-"));
  engine = await openEngine({ DOCKER_HOST: host });
  docker(
    "volume",
    "create",
    "--driver",
    "local",
    "--opt",
    "type=tmpfs",
    "--opt",
    "device=tmpfs",
    "--opt",
    "o=size=1m",
    "src-share",
  );
  const more = [
    "--label",
    "where=label",
    "--log-opt",
    "max-size=1m",
    "-v",
    "src-share:/share",
    "--health-cmd",
    "probe x",
    "--annotation",
    "a=annotation",
    "--entrypoint",
    "sh",
  ];
  docker("create", "--name", "src-one", "--network", "none", "-e", "A=1", ...more, BUSYBOX, "-c", "sleep 9");
  docker("create", "--name", "src-two", "--network", "none", "-e", "A=2", BUSYBOX, "true");
  docker(
    "create",
    "--name",
    "src-mounted",
    "--network",
    "none",
    "-v",
    "/var/run/docker.sock:/var/run/docker.sock",
    BUSYBOX,
    "true",
  );
});

afterAll(() => {
  docker("rm", "-f", "src-one", "src-two", "src-mounted");
  docker("volume", "rm", "src-share");
  rmSync(dir, { recursive: true, force: true });
});

describe("docker:", () => {
  const source = dockerSource(async () => engine);

  it.each([
    ["src-one", ["src-one"]],
    ["src-*", ["src-mounted", "src-one", "src-two"]],
    ["src-{one,two}", ["src-one", "src-two"]],
    ["*c-one", ["src-one"]],
  ])("%s chooses", async (what, chosen) => {
    expect(names(await read(source, what))).toEqual(chosen);
  });

  it("an id, whole or twelve digits of it, chooses", async () => {
    const id = docker("inspect", "-f", "{{.Id}}", "src-one");
    expect(names(await read(source, id))).toEqual(["src-one"]);
    expect(names(await read(source, id.slice(0, 12)))).toEqual(["src-one"]);
  });

  it("a container is read whole, and the image that it comes from once", async () => {
    const all = await read(source, "src-{one,two}");
    expect(all[0]).toEqual({ kind: "total", subjects: 3 });
    const one = subjects(all, "container").find(({ subject }) => subject.name === "src-one");
    expect(one?.candidates.find(({ name }) => name === "PATH")?.location).toMatchObject({
      where: "image-env",
      origin: "image",
    });
    expect(one?.candidates.find(({ name }) => name === "A")).toMatchObject({
      location: { where: "env", origin: "own", path: "Config.Env[0]" },
    });
    expect(value(one, "Config.Labels.where")).toBe("label");
    expect(value(one, "Config.Entrypoint")).toBe('["sh"]');
    expect(value(one, "Config.Cmd")).toBe('["-c","sleep 9"]');
    expect(value(one, "Config.Healthcheck.Test")).toBe('["CMD-SHELL","probe x"]');
    expect(value(one, 'HostConfig.LogConfig.Config["max-size"]')).toBe("1m");
    expect(value(one, "HostConfig.Annotations.a")).toBe("annotation");
    expect(value(one, "Mounts[0].Volume.Options.o")).toBe("size=1m");
    expect(subjects(all, "image").map(({ subject }) => subject.name)).toEqual([BUSYBOX]);
  });

  it("says who else can see it", async () => {
    const [one] = subjects(await read(source, "src-one"), "container");
    expect(one?.exposure).toEqual([
      `anyone who can open ${host}`,
      "containers that mount the engine's socket: src-mounted",
    ]);
  });

  it("a name that no container has is absent, and says so", async () => {
    await expect(read(source, "src-nobody")).rejects.toMatchObject({
      code: "absent",
      hint: "docker ps --all shows them",
    });
  });

  it("stops when it is called off", async () => {
    await expect(read(source, "src-*", AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
  });

  it("a container that vanishes between list and inspect is passed over", async () => {
    const gone: Engine = {
      ...engine,
      container: async (id) => (id === docker("inspect", "-f", "{{.Id}}", "src-two") ? null : engine.container(id)),
    };
    expect(
      names(
        await read(
          dockerSource(async () => gone),
          "src-{one,two}",
        ),
      ),
    ).toEqual(["src-one"]);
  });
});

describe("image:", () => {
  const source = imageSource(async () => engine);

  it("a reference, an id and a glob choose", async () => {
    const id = docker("image", "inspect", "-f", "{{.Id}}", BUSYBOX);
    for (const what of [BUSYBOX, id, id.slice(7, 19), "unsprawl-test/busybox*"]) {
      const [image] = subjects(await read(source, what), "image");
      expect(image?.subject).toMatchObject({ kind: "image", name: BUSYBOX, id });
      expect(image?.candidates.find(({ name }) => name === "PATH")?.location).toMatchObject({
        where: "image-env",
        origin: "own",
      });
    }
  });

  it("the history is read", async () => {
    const [image] = subjects(await read(source, BUSYBOX), "image");
    expect(image?.candidates.some(({ location }) => location.where === "history")).toBe(true);
  });

  it("a reference that the engine does not have is absent", async () => {
    await expect(read(source, "unsprawl-test/nothing:9")).rejects.toMatchObject({ code: "absent" });
  });
});

describe("inspect:", () => {
  const source = inspectSource(() => {
    throw new Error("stdin is not asked for");
  });
  const saved = (text: string): string => {
    const file = join(dir, "saved.json");
    writeFileSync(file, text);
    return file;
  };

  it("reads what docker inspect wrote as the engine itself is read", async () => {
    const live = subjects(
      await read(
        dockerSource(async () => engine),
        "src-one",
      ),
      "container",
    )[0];
    const file = saved(docker("inspect", BUSYBOX, "src-one"));
    const read_ = subjects(await read(source, file), "container")[0];
    // The volume's own options are not in a container's document.
    const own = live?.candidates.filter(({ location }) => !location.path.includes(".Volume."));
    expect(
      read_?.candidates.map(({ name, location, value: one }) => [
        name,
        location.where,
        location.path,
        location.origin,
        one,
      ]),
    ).toEqual(
      own?.map(({ name, location, value: one }) => [name, location.where, location.path, location.origin, one]),
    );
  });

  it("takes one object a line", async () => {
    const lines = ["src-one", "src-two"].map((name) => docker("inspect", "-f", "{{json .}}", name));
    expect(names(await read(source, saved(lines.join("\n"))))).toEqual(["src-one", "src-two"]);
  });

  it("tells of documents that are neither container nor image, and reads the rest", async () => {
    const file = saved(
      JSON.stringify([
        { Name: "src-share", Driver: "local" },
        JSON.parse(docker("inspect", "-f", "{{json .}}", "src-two")),
      ]),
    );
    const all = await read(source, file);
    expect(all.map((one) => one.kind)).toEqual(["error", "subject"]);
    expect(all[0]).toMatchObject({ subject: null, message: expect.stringContaining("no Id") as string });
  });

  it("a network's and a volume's document are told of, and never read as something else", async () => {
    const file = saved(docker("inspect", "src-share", "none"));
    expect((await read(source, file)).map((one) => one.kind)).toEqual(["error", "error"]);
  });

  it.each([
    ["nothing there", "absent", () => join(dir, "nothing")],
    ["a folder", "absent", () => dir],
    ["no name", "usage", () => ""],
    ["text", "malformed", () => saved("hello")],
    ["a torn file", "malformed", () => saved(docker("inspect", "src-one").slice(0, -20))],
  ])("%s is %s", async (_what, code, file) => {
    await expect(read(source, file())).rejects.toMatchObject({ code });
  });
});

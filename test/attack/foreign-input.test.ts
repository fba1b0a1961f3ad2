/** What others wrote stays with its subject: it has bounds of its own, and its error hides nothing else. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readApart } from "../../src/fast/workers/apart.ts";
import type { ReadingJob } from "../../src/fast/workers/reader.ts";
import { readLayerFiles, startFiles } from "../../src/images/layers/image-files.ts";
import { runChild, type ChildBounds } from "../../src/kit/bounded-child.ts";
import { expandedSize } from "../../src/kit/text/yaml-aliases.ts";
import { parseYaml } from "../../src/kit/text/yaml-nodes.ts";
import { keyTest } from "../../src/stores-kit/sops/rules.ts";
import { track } from "../support/children.ts";
import { random } from "../support/canary.ts";
import { MAIN, makeWorld, type Ran } from "../support/world.ts";
import { file as tarFile, tar } from "../images/layers/tar-bytes.ts";

const world = makeWorld("unix:///nonexistent");
const dir = mkdtempSync(join(tmpdir(), "unsprawl-foreign-"));
const token = random(24);
beforeAll(() => writeFileSync(join(dir, "good.env"), `API_TOKEN=${token}\n`));
afterAll(() => {
  world.remove();
  rmSync(dir, { recursive: true, force: true });
});

const at = (name: string): string => join(dir, name);
const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join("");

type Report = {
  readonly findings: readonly { readonly location: { readonly source: string } }[];
  readonly sources: readonly { readonly source: string; readonly errors: readonly { readonly message: string }[] }[];
};

/** Scans a hostile source beside a good one, with as much work as the good ones need, and little memory. */
async function scanned(source: string): Promise<{ readonly ran: Ran; readonly report: Report }> {
  const ran = await world.unsprawl(["scan", source, `env:${at("good.env")}`, "--json"], {
    killAfterCpuSeconds: 20,
    nodeArgs: ["--max-old-space-size=300"],
  });
  expect(ran.signal, `it was still at it; ${ran.stderr}`).toBeNull();
  return { ran, report: JSON.parse(ran.stdout) as Report };
}

/** What the other source has is found, and what is said of the hostile one. */
function errorsOf({ ran, report }: Awaited<ReturnType<typeof scanned>>): string {
  expect(ran.stderr + ran.stdout).not.toContain("unexpected error");
  expect(report.findings.some(({ location }) => location.source.startsWith("env:"))).toBe(true);
  return report.sources.flatMap(({ errors }) => errors.map(({ message }) => message)).join("\n");
}

/** Files of the kinds that have held up or ended a scan, each with what is said of it. */
const HOSTILE: readonly [what: string, source: () => string, said: RegExp][] = [
  [
    "150,000 variables",
    () => compose(`    environment:\n${lines(150_000, (n) => `      V${n}: v${n}\n`)}`),
    /lines and items/,
  ],
  [
    "100,000 services",
    () =>
      compose(
        "",
        lines(100_000, (n) => `  s${n}: {image: b}\n`),
      ),
    /lines and items/,
  ],
  [
    "30 files of 30,000 variables",
    () => {
      const files = Array.from({ length: 30 }, (_, n) => {
        writeFileSync(
          at(`many${n}.env`),
          lines(30_000, (v) => `V${v}=v\n`),
        );
        return `./many${n}.env`;
      });
      return compose(`    env_file: [${files.join(", ")}]\n`);
    },
    /150,000 variables in env files/,
  ],
  [
    "a pipe as env file",
    () => {
      execFileSync("mkfifo", [at("pipe.env")]);
      return compose("    env_file: [./pipe.env]\n");
    },
    /pipe\.env is a pipe/,
  ],
  [
    "a link to itself as EnvironmentFile",
    () => {
      symlinkSync("loop.env", at("loop.env"));
      writeFileSync(at("a.service"), `[Service]\nExecStart=/bin/true\nEnvironmentFile=${at("loop.env")}\n`);
      return `systemd:${at("a.service")}`;
    },
    /ELOOP/,
  ],
  [
    "an archive that is this process's memory",
    () => {
      symlinkSync("/proc/self/mem", at("mem.tar"));
      return `archive:${at("mem.tar")}`;
    },
    /EIO/,
  ],
  [
    "300 GB of nothing in a folder",
    () => {
      mkdirSync(at("sparse"));
      writeFileSync(at("sparse/hole"), "");
      truncateSync(at("sparse/hole"), 300 * 2 ** 30);
      return `dir:${at("sparse")}`;
    },
    /sparse/,
  ],
];
let made = 0;
function compose(ofService: string, services = ""): string {
  const file = at(`compose${made++}.yaml`);
  writeFileSync(file, `services:\n  web:\n    image: busybox\n${ofService}${services}`);
  return `compose:${file}`;
}

it.each(HOSTILE)("is refused by its name, and nothing else is lost: %s", async (_what, source, said) => {
  const hostile = source();
  const found = await scanned(hostile);
  expect(errorsOf(found)).toMatch(said);
  expect(found.ran.code).toBe(1);
  const alone = await world.unsprawl(["scan", hostile], { killAfterCpuSeconds: 20 });
  expect(alone.stderr + alone.stdout).toMatch(said);
  expect(alone.stderr).not.toContain("unexpected error");
  expect(alone.code).toBe(1);
});

it("aliases that Compose would expand to billions are read here, and not handed to it", async () => {
  const letter = (n: number): string => String.fromCharCode(97 + n);
  const maps = lines(8, (n) => `x-${n}: &${letter(n + 1)} [${`*${letter(n)},`.repeat(9)}]\n`);
  const service = `services: {web: {image: busybox, labels: *i, environment: {API_TOKEN: ${random(24)}}}}\n`;
  writeFileSync(at("aliases.yaml"), `x: &a [${"x,".repeat(9)}]\n${maps}${service}`);
  const ran = await world.unsprawl(["plan", `compose:${at("aliases.yaml")}`, "--to", "local"], {
    killAfterCpuSeconds: 20,
  });
  expect(ran.code, ran.stderr).toBe(3);
  expect(ran.stdout).toContain("its aliases stand for more than 400,000 items");
});

describe("a tag before a value makes nothing else of it than text", () => {
  const TAGS = [
    "!!binary",
    "!!timestamp",
    "!!set",
    "!!omap",
    "!!pairs",
    "!!int",
    "!!null",
    "!!bool",
    "!!merge",
    "!own",
  ];
  const PLACES: readonly ((value: string) => string)[] = [
    (value) => `name: ${value}\nservices: {a: {image: b}}\n`,
    ...["image", "hostname", "env_file", "command", "extends", "container_name"].map(
      (key) => (value: string) => `services: {a: {image: b, ${key}: ${value}}}\n`,
    ),
    ...["profiles", "labels", "environment", "secrets", "configs", "volumes", "env_file"].map(
      (key) => (value: string) => `services: {a: {image: b, ${key}: [${value}]}}\n`,
    ),
    ...["labels", "environment", "build", "healthcheck", "extends"].map(
      (key) => (value: string) =>
        `services: {a: {image: b, ${key}: {test: ${value}, file: ${value}, service: ${value}}}}\n`,
    ),
    (value) =>
      `services: {a: {image: b, secrets: [s]}}\nsecrets: {s: {file: ${value}, x-unsprawl: {ref: ${value}, owner: ${value}}}}\n`,
    (value) => `services: {${value}: {image: b}}\n`,
    (value) => `include: [${value}, {path: ${value}, env_file: ${value}}]\nservices: {a: {image: b}}\n`,
    (value) => `services: ${value}\n`,
  ];
  const drawn = fc.record({
    tag: fc.constantFrom(...TAGS),
    text: fc.constantFrom("aGk=", "2001-01-01", "a", "1", "''", '"x y"', "[a]", "{a: b}", "{a: }"),
    place: fc.constantFrom(...PLACES),
  });

  it("in a Compose file, for scan and for what render and the agent read", async () => {
    await fc.assert(
      fc.asyncProperty(drawn, async ({ tag, text, place }) => {
        writeFileSync(at("tagged.yaml"), place(`${tag} ${text}`));
        const source = `compose:${at("tagged.yaml")}`;
        const ran = await world.unsprawl(["scan", source, `env:${at("good.env")}`, "--json"]);
        errorsOf({ ran, report: JSON.parse(ran.stdout) as Report });
        const rendered = await world.unsprawl(["render", source]);
        expect(rendered.stderr + rendered.stdout).not.toContain("unexpected error");
      }),
      { numRuns: 25 },
    );
  });

  it("in a Kubernetes manifest and a CloudFormation template", async () => {
    mkdirSync(at("tags"));
    await fc.assert(
      fc.asyncProperty(drawn, async ({ tag, text }) => {
        const value = `${tag} ${text}`;
        const manifest = `apiVersion: v1\nkind: Deployment\nmetadata: {name: ${value}}\nspec: {template: {spec: {containers: [{name: ${value}, env: [{name: ${value}, value: ${value}}]}]}}}\n`;
        writeFileSync(at("tags/manifest.yaml"), manifest);
        const template = `AWSTemplateFormatVersion: ${value}\nResources: {T: {Type: "AWS::ECS::TaskDefinition", Properties: {ContainerDefinitions: [{Name: ${value}, Environment: [{Name: ${value}, Value: ${value}}]}]}}}\n`;
        writeFileSync(at("tags/template.yaml"), template);
        const sources = [`kubernetes:${at("tags/manifest.yaml")}`, `dir:${at("tags")}`, `env:${at("good.env")}`];
        const ran = await world.unsprawl(["scan", ...sources, "--json"]);
        errorsOf({ ran, report: JSON.parse(ran.stdout) as Report });
      }),
      { numRuns: 12 },
    );
  });
});

it("a list of tags that does not end is left, and so is one of names that none can have", async () => {
  let pages = 0;
  const server = createServer((request, response) => {
    if (request.url?.includes("/tags/list") !== true) return void response.end("{}");
    const kind = request.url.startsWith("/v2/long") ? "long" : "many";
    const tags =
      kind === "long" ? [`t${"x".repeat(7 * 2 ** 20)}`] : Array.from({ length: 300_000 }, (_, n) => `p${pages}-${n}`);
    response.setHeader("link", `</v2/${kind}/tags/list?last=${pages++}>; rel="next"`);
    response.end(JSON.stringify({ name: kind, tags }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  for (const repository of ["long", "many"]) {
    const { ran, report } = await scanned(`registry:127.0.0.1:${port}/${repository}:none-*`);
    expect(errorsOf({ ran, report })).toMatch(/does not end|none can have/);
  }
  server.close();
});

async function* tarOf(names: readonly string[]): AsyncGenerator<Buffer> {
  for (const name of names) yield tarFile(name, "x");
  yield tar();
}

describe("layers", () => {
  it("with as many whiteouts as files are put together, whatever they take away", async () => {
    const names = Array.from({ length: 150_000 }, (_, n) => `d/f${n}`);
    const gone = names.map((name) => name.replace("d/", "d/.wh."));
    const layers = [await readLayerFiles(tarOf([...names, "kept"])), await readLayerFiles(tarOf([...gone, "d/new"]))];
    const files = startFiles(layers);
    expect(["/d/f1", "/d/f149999", "/d/new", "/kept"].map((path) => files.hasFile(path))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it("drawn ones give what a plain list of paths gives", async () => {
    const part = fc.constantFrom("a", "b", "c", ".wh.a", ".wh.b", ".wh..wh..opq");
    const layer = fc.uniqueArray(
      fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(layer, { maxLength: 4 }), async (all) => {
        const plain = new Set<string>();
        const read = [];
        for (const names of all) {
          const one = await readLayerFiles(tarOf(names));
          read.push(one);
          for (const { does, path } of one.gone) {
            if (does === "deletes") plain.delete(path);
            for (const path_ of plain) if (path_.startsWith(path === "/" ? "/" : `${path}/`)) plain.delete(path_);
          }
          for (const [path, { kind }] of one.nodes) if (kind === "file") plain.add(path);
        }
        const files = startFiles(read);
        for (const names of all)
          for (const name of names) expect(files.hasFile(`/${name}`), name).toBe(plain.has(`/${name}`));
      }),
    );
  });
});

describe("an expression of a SOPS file", () => {
  it.each(["^(a+)+$", "^(a|a)*$", "(a*)*b", "^(a?){40}a{40}$", "(.*)*x(.*)*y"])(
    "takes no time that grows with its key: %s",
    async (source) => {
      expect((await keyTest(source))(`${"a".repeat(200)}B`)).toBe(false);
    },
  );

  it("is refused where Go does not know it, and where there is too much to match", async () => {
    await expect(keyTest("(?=a)")).rejects.toMatchObject({ code: "refused" });
    const test = await keyTest(`(${"[ab]?".repeat(900)}){2}c`);
    expect(() => Array.from({ length: 5000 }, (_, n) => test(`${n}${"a".repeat(500)}`))).toThrow("too much to match");
  });

  it("means what it means to everybody", async () => {
    const source = fc.array(fc.constantFrom("a", "b", ".", "[ab]", "(a|b)", "a+", "b*", "a?"), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(
        source,
        fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 12 }),
        async (parts, key) => {
          const text = `^${parts.join("")}$`;
          expect((await keyTest(text))(key)).toBe(new RegExp(text).test(key));
        },
      ),
    );
  });
});

describe("a program that reads what others wrote", () => {
  const BOUNDS: ChildBounds = { seconds: 60, cpuSeconds: 60, memoryMiB: 512, output: 2 ** 20 };
  const run = (script: string, bounds: Partial<ChildBounds>): ReturnType<typeof runChild> =>
    runChild("sh", ["-c", script], { env: { PATH: process.env["PATH"] }, cwd: dir }, { ...BOUNDS, ...bounds });

  it.each<[string, string, Partial<ChildBounds>, string]>([
    ["waits for ever", "trap '' TERM INT HUP; sleep 1000", { seconds: 1 }, "no answer after 1 s"],
    ["works for ever", "while :; do :; done", { cpuSeconds: 1 }, "more than 1 s of work"],
    ["takes all memory", `perl -e '$x = "x"; $x .= $x while 1'`, { memoryMiB: 128 }, "more than 128 MiB of memory"],
    ["prints for ever", "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaa; done", {}, "more than 1 MiB of output"],
  ])("is ended: one that %s", async (_what, script, bounds, why) => {
    expect(await run(script, bounds)).toEqual(expect.objectContaining({ code: 1, err: `ended: ${why}` }));
  });

  it.each<[string, string]>([
    ["while it waits", "sleep 1000 & echo $! > pid; wait"],
    ["after its own end", "sleep 1000 & echo $! > pid"],
    ["while it reads a pipe that nobody writes to", "mkfifo fifo; sleep 1000 & echo $! > pid; cat fifo"],
  ])("is ended with what it has started, %s", async (_what, script) => {
    await run(script, { seconds: 3 });
    const pid = readFileSync(at("pid"), "utf8").trim();
    const state = (): string => {
      try {
        return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0] ?? "";
      } catch {
        return "gone";
      }
    };
    await expect.poll(state).toMatch(/gone|Z/);
  });

  it("is not waited for where something that it started has left it, and holds its output", async () => {
    const script = `setsid sh -c 'echo $$ > left; exec sleep 1000' & while ! [ -s left ]; do sleep 0.1; done; echo out`;
    expect(await run(script, {})).toMatchObject({ code: 0, out: "out\n" });
    process.kill(Number(readFileSync(at("left"), "utf8")), "SIGKILL");
  });

  it("has its output and its exit code otherwise, with or without bounds", async () => {
    const script = "echo out; echo err >&2; exit 3";
    const expected = { code: 3, out: "out\n", err: "err\n" };
    expect(await run(script, {})).toEqual(expected);
    expect(await runChild("sh", ["-c", script], { env: process.env, cwd: dir }, null)).toEqual(expected);
  });
});

describe("the thread that reads", () => {
  const job = (file: string): ReadingJob => ({
    ...{ kind: "subjects", source: "kubernetes", what: at(file), cwd: dir, env: {}, options: undefined },
  });
  const read = async (file: string, signal = new AbortController().signal, silenceMs = 60_000): Promise<number> => {
    let count = 0;
    for await (const _one of readApart(job(file), signal, { silenceMs })) count++;
    return count;
  };
  const config = (n: number): string => `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a${n}}\ndata: {V: v}\n`;
  beforeAll(() => {
    writeFileSync(at("large.yaml"), lines(40_000, config));
    writeFileSync(at("small.yaml"), config(0));
  });

  it("is ended when it is silent for too long, and when it is not wanted; the next one reads on", async () => {
    await expect(read("large.yaml", undefined, 20)).rejects.toMatchObject({
      code: "refused",
      message: /large\.yaml takes more than/,
    });
    const ending = new AbortController();
    const reading = read("large.yaml", ending.signal);
    ending.abort();
    await expect(reading).rejects.toMatchObject({ name: "AbortError" });
    expect(await read("small.yaml")).toBeGreaterThan(0);
    await expect(read("absent.yaml")).rejects.toMatchObject({ code: "absent" });
    expect(await read("small.yaml")).toBeGreaterThan(0);
  });

  it("holds up no signal: a scan ends while it reads", async () => {
    const child = spawn(process.execPath, [MAIN, "scan", `kubernetes:${at("large.yaml")}`], {
      env: world.env,
      cwd: dir,
    });
    track(child);
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
    const ended = once(child, "exit");
    await expect.poll(() => isReading(child.pid ?? 0), { interval: 50 }).toBe(true);
    child.kill("SIGTERM");
    expect(await ended, said).toEqual([130, null]);
  });

  /** It has one thread more than it has without a reader, and that one has worked. */
  function isReading(pid: number): boolean {
    try {
      const tasks = execFileSync("sh", ["-c", `cat /proc/${pid}/task/*/stat`], { encoding: "utf8" })
        .trim()
        .split("\n");
      const worked = tasks.map((line) => Number(line.split(") ")[1]?.split(" ")[11] ?? 0));
      return worked.filter((ticks) => ticks > 20).length > 1;
    } catch {
      return false;
    }
  }
});

it("what aliases stand for is counted as a program expands them", async () => {
  const document = async (text: string): Promise<number> =>
    expandedSize((await parseYaml("/f.yaml", text)).document.contents);
  const [one, two] = [await document("a: &a [1, 2, 3]\n"), await document("a: &a [1, 2, 3]\nb: *a\n")];
  expect(two).toBe(one + 1 + 1 + 4);
  await expect(
    document(`a0: &a0 [x]\n${lines(40, (n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]\n`)}`),
  ).rejects.toMatchObject({ code: "refused" });
});

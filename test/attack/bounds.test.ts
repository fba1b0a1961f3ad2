import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGzip } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadProject } from "../../migrations/compose/syntax/project.ts";
import { parseConfig } from "../../src/core/config/file.ts";
import { parseDotenv } from "../../src/files/dotenv.ts";
import { interpolate } from "../../src/files/interpolate.ts";
import { parseSystemdEnv } from "../../src/files/units/systemd-env.ts";
import { newMeter, decompressed } from "../../src/images/layers/unpack.ts";
import { parseYaml } from "../../src/kit/text/yaml-nodes.ts";

// Small input that would keep a scan busy for minutes, or for good.

let dir: string;
beforeAll(() => (dir = mkdtempSync(join(tmpdir(), "bounds-"))));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const load = (file: string, signal?: AbortSignal): ReturnType<typeof loadProject> =>
  loadProject({
    ...{ files: [join(dir, file)], dir: null, name: null, envFiles: [], env: {}, tell: () => undefined },
    ...(signal ? { signal } : {}),
  });

/** A chain of files, each of which names the next one twice. */
function chain(name: string, length: number, text: (next: string) => string): string {
  for (let at = 0; at < length; at++) {
    const next = at + 1 < length ? text(`${name}${at + 1}.yaml`) : "services: { web: { image: x } }\n";
    writeFileSync(join(dir, `${name}${at}.yaml`), next);
  }
  return `${name}0.yaml`;
}

it("Compose files that include each other twice end with an error", async () => {
  const first = chain("i", 40, (next) => `include: [${next}, { path: [./${next}] }]\n`);
  await expect(load(first)).rejects.toMatchObject({ code: "malformed", message: /more than 20,000 times/ });
});

it("so do services of two documents that extend the next file's both", async () => {
  const service = (next: string): string => `services: { web: { extends: { file: ${next}, service: web } } }\n`;
  const first = chain("e", 40, (next) => `${service(next)}---\n${service(next)}`);
  await expect(load(first)).rejects.toMatchObject({ code: "malformed", message: /more than 20,000 times/ });
});

it("a signal ends the reading in between", async () => {
  const first = chain("s", 40, (next) => `include: [${next}, ./${next}]\n`);
  const ending = new AbortController();
  setImmediate(() => ending.abort());
  await expect(load(first, ending.signal)).rejects.toMatchObject({ name: "AbortError" });
});

it("a project that includes one file from many, and many services, is read", async () => {
  const includes = Array.from({ length: 200 }, (_, at) => `p${at}.yaml`);
  for (const file of includes)
    writeFileSync(join(dir, file), `include: [base.yaml]\nservices: { s-${file}: { image: x } }\n`);
  writeFileSync(join(dir, "base.yaml"), "services: { base: { image: x } }\n");
  writeFileSync(join(dir, "all.yaml"), `include: [${includes.join(", ")}]\n`);
  expect((await load("all.yaml")).services.size).toBe(201);
});

it("a service that is defined again has the profiles of all its definitions, one that is overridden its own", async () => {
  const service = (name: string, tag: string, profile: string): string =>
    `${name}: ${tag} { image: x, profiles: [${profile}] }`;
  const first = `include: [below.yaml]\nservices: { ${service("web", "", "b")}, ${service("db", "!override", "c")} }\n`;
  writeFileSync(join(dir, "again.yaml"), first);
  writeFileSync(join(dir, "below.yaml"), `services: { ${service("web", "", "a")}, ${service("db", "", "a")} }\n`);
  const { services } = await load("again.yaml");
  expect(services.get("web")).toMatchObject({ profiles: ["a", "b"], layers: [{}, {}] });
  expect(services.get("db")).toMatchObject({ profiles: ["c"], layers: [{}] });
});

it("variables that name each other ten times over are refused, not filled in", async () => {
  const names = Array.from("ABCDEFGHIJKLMNOP");
  const lines = names.slice(1).map((name, at) => `${name}=${`\${${names[at]}}`.repeat(10)}\n`);
  expect(() => parseDotenv(`A=0123456789\n${lines.join("")}`, "compose", () => null)).toThrow(/line 7: .* 1 MiB/);
  expect(() => interpolate("$A".repeat(100_000), () => "x".repeat(1 << 20))).toThrow("more than 1 MiB");
  const many = `A=${"x".repeat(1 << 20)}\n${"B=$A\n".repeat(64)}`;
  expect(() => parseDotenv(many, "compose", () => null)).toThrow("more than 64 MiB");
  const large = `\${A}${"x".repeat(3 << 20)}`;
  expect(interpolate(large, () => "1").value).toBe(`1${"x".repeat(3 << 20)}`);
});

it.each(["compose", "raw", "docker", "systemd"] as const)("so are more variables than any program gets: %s", (by) => {
  const read = (text: string): unknown =>
    by === "systemd" ? parseSystemdEnv(text) : parseDotenv(text, by, () => null);
  expect(read("A=b\n".repeat(100_000))).toHaveLength(100_000);
  expect(() => read("A=b\n".repeat(100_002))).toThrow("more than 100,000 variables");
});

it.each(["a,", "[", "{", "\n", "- ", "? "])("and YAML whose parser would end without memory: %j", async (part) => {
  const text = `services: { a: { image: x } }\nx-a: [${part.repeat(1_000_000)}\n`;
  await expect(parseYaml("/f.yaml", text)).rejects.toMatchObject({ code: "refused", message: /^\/f.yaml has more/ });
  await expect(parseConfig(text, "/f.yaml", [])).rejects.toMatchObject({ code: "config" });
});

it("a gzip layer of much repeated text is refused long before its end", async () => {
  const gzip = createGzip({ level: 9 });
  const line = Buffer.alloc(1 << 20, "password: not a secret, but much of it\n");
  void (async () => {
    for (let at = 0; at < 1024 && !gzip.destroyed; at++)
      if (!gzip.write(line)) await new Promise((done) => gzip.once("drain", done).once("close", done));
    gzip.end();
  })();
  const meter = newMeter(null);
  const reading = (async () => {
    for await (const chunk of decompressed(gzip as AsyncIterable<Buffer>, meter)) if (chunk.length === 0) break;
  })();
  await expect(reading).rejects.toMatchObject({ code: "refused", message: /more than 200 times its size/ });
  expect(meter.unpacked).toBeLessThan(300 * 2 ** 20);
  gzip.destroy();
});

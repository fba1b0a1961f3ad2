import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUSYBOX } from "../services/images.ts";
import { placedCanaries, variableCanaries, Watch } from "../support/canary.ts";
import { sample } from "../support/deep.ts";
import { makeStage } from "./stage.ts";

// The guard of Law 1 for scans of layers and archives, over ssh and of saved output, for single values and for plans.

const stage = makeStage();
const { runContainer, quiet } = stage;

describe("what only reads", () => {
  const variables = variableCanaries();
  const placed = placedCanaries();
  const watch = new Watch([...variables, ...placed.canaries]);

  beforeAll(() => {
    runContainer("leaky", variables);
    stage.engine.docker(
      "create",
      "--name",
      "placed",
      "--network",
      "none",
      ...placed.options,
      BUSYBOX,
      ...placed.command,
    );
  });

  describe("scan of layers, and of archives whole and broken", () => {
    const single = variables.filter(({ value }) => !value.includes("\n"));
    // What is in a document is told by its own key.
    const names = single.flatMap(({ name, value }) => (value.startsWith("{") ? [] : [name]));
    let context: string;

    beforeAll(() => {
      context = mkdtempSync(join(stage.world.dir, "../leak-"));
      writeFileSync(join(context, "app.env"), single.map(({ name, value }) => `${name}=${value}\n`).join(""));
      writeFileSync(join(context, "Dockerfile"), `FROM ${BUSYBOX}\nCOPY app.env /app/.env\n`);
      const docker = ["build", "--network", "none", "-q", "-t", "leaky:layers", context];
      execFileSync("docker", docker, {
        env: { ...process.env, DOCKER_HOST: stage.engine.host, DOCKER_BUILDKIT: "0" },
        stdio: "pipe",
      });
      stage.engine.docker("save", "-o", join(context, "saved.tar"), "leaky:layers");
      const whole = readFileSync(join(context, "saved.tar"));
      writeFileSync(join(context, "cut.tar"), whole.subarray(0, whole.indexOf("SESSION_SECRET") + 700));
      writeFileSync(join(context, "packed.tar.gz"), gzipSync(whole));
    });
    afterAll(() => rmSync(context, { recursive: true, force: true }));

    it.each(sample(["table", "json", "sarif", "html", "markdown", "ndjson"], 2))("as %s", async (format) => {
      // Both hold the same layers.
      for (const source of sample(["image:leaky:layers", `archive:${context}/packed.tar.gz`], 1)) {
        const ran = await quiet(watch, ["scan", source, "--layers", "--min-confidence", "low", "--format", format]);
        expect(ran.code, `${source}: ${ran.stderr}`).toBe(3);
        for (const name of names) expect(ran.stdout.replaceAll("\\", "")).toContain(name);
      }
    });

    it("cut off in the middle", async () => {
      const cut = await quiet(watch, ["scan", `archive:${context}/cut.tar`, "--layers"]);
      expect(cut.code).toBe(1);
    });
  });

  it("scan over ssh: nothing in the client's arguments or environment", async () => {
    const bin = join(stage.world.dir, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "ssh"), `#!/bin/sh\nexec docker -H ${stage.engine.host} system dial-stdio\n`);
    chmodSync(join(bin, "ssh"), 0o755);
    const env = { DOCKER_HOST: "ssh://user@engine", PATH: `${bin}:${stage.world.env["PATH"] ?? ""}` };
    const ran = await quiet(watch, ["scan", "docker:leaky"], { env, sampled: true });
    expect(ran.code).toBe(3);
    expect(ran.shown.some((one) => one.where === "spawn ssh")).toBe(true);
    expect(ran.shown.some((one) => one.where.endsWith("/cmdline") && one.text.includes("dial-stdio"))).toBe(true);
  });

  it("scan of saved inspect output, whole and broken", async () => {
    const document = stage.engine.docker("inspect", "leaky", "placed");
    const whole = await quiet(watch, ["scan", "inspect:-"], { stdin: document });
    expect(whole.code).toBe(3);
    for (const stdin of [
      document.slice(0, document.indexOf("SESSION_SECRET") + 40),
      document.replace('"Id"', "Id"),
      variables.map((one) => one.value).join("\n"),
    ]) {
      const broken = await quiet(watch, ["scan", "inspect:-"], { stdin });
      expect([1, 2]).toContain(broken.code);
    }
  });

  it("classify, and its bad lines", async () => {
    const all = [...variables, ...placed.canaries];
    const good = all.map((one, id) => JSON.stringify({ id, where: "env", name: one.name, value: one.value }));
    const bad = all.flatMap((one) => [
      one.value.split("\n")[0] ?? "",
      `{"id":1,"name":"A","value":${JSON.stringify(one.value)}`,
      JSON.stringify({ id: 1, where: one.value, name: "A", value: one.value }),
    ]);
    const ran = await quiet(watch, ["classify"], { stdin: [...good, ...bad].join("\n") });
    expect(ran.code).toBe(1);
    expect(ran.stdout.trim().split("\n")).toHaveLength(good.length + bad.length);
    expect(ran.stdout.match(/"secret":true/g)?.length).toBeGreaterThanOrEqual(variables.length - 1);
  });

  it("rules test of values", async () => {
    for (const [at, { name, value }] of sample(variables, 4).entries()) {
      const json = at % 2 === 0 ? ["--json"] : [];
      const ran = await quiet(watch, ["rules", "test", "--name", name, ...json], { stdin: value });
      expect(ran.code, name).toBe(0);
    }
  });

  it.each(["local", "vault"])("plan --to %s: text, JSON and file", async (to) => {
    const shown = await quiet(watch, ["plan", "docker:leaky", "docker:placed", "--to", to, "-o", `${to}.plan`]);
    expect(shown.code).toBe(3); // what stands in the command line stays
    for (const { name } of variables) expect(shown.stdout).toContain(name);
    const json = await quiet(watch, [
      "plan",
      "docker:leaky",
      "docker:placed",
      "--to",
      to,
      "--json",
      "--min-confidence",
      "low",
    ]);
    expect(JSON.parse(json.stdout)).toMatchObject({ version: 1 });
    expect(readFileSync(join(stage.world.dir, `${to}.plan`), "utf8")).toContain("SESSION_SECRET");
  });

  it("plan where the store holds another value, and where a value stands elsewhere too", async () => {
    const [first] = variables;
    await stage.bao.api("POST", "secret/data/apps/leaky", { data: { DB_PASSWORD: "another" } });
    const taken = await quiet(watch, ["plan", "docker:leaky", "--to", "vault"]);
    expect(taken.stdout).toContain("the store holds another value");
    await stage.bao.api("DELETE", "secret/metadata/apps/leaky");
    runContainer("twice", first ? [first] : [], ["--label", `com.example.copy=${first?.value ?? ""}`]);
    const twice = await quiet(watch, ["plan", "docker:twice", "--to", "local"]);
    expect(twice.stdout).toContain("is also at Config.Labels");
  });

  it.each([
    [["--json"], {}],
    [[], { DOCKER_HOST: "unix:///nowhere/docker.sock" }],
    [["-o", "/proc/nowhere/report"], {}],
    [["-o", "report.json/below"], {}],
    [["--min-confidence", "none"], {}],
    [["--baseline", "broken.json"], {}],
  ])("scan %j with %j", async (more, env) => {
    writeFileSync(join(stage.world.dir, "broken.json"), "{");
    const ran = await quiet(watch, ["scan", "docker:leaky", ...more], { env });
    expect(ran.code).not.toBe(0);
  });
});

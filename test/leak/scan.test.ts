import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { FORMAT_NAMES } from "../../src/cli/views/index.ts";
import { BUSYBOX } from "../services/images.ts";
import { startRegistry } from "../services/registry.ts";
import { filesBelow, placedCanaries, variableCanaries, Watch } from "../support/canary.ts";
import { startGate } from "../support/gate.ts";
import { clientOf, dockerConfig, pushImage } from "../support/pushed.ts";
import { sample } from "../support/deep.ts";
import { makeStage } from "./stage.ts";

// The guard of Law 1 for scans of containers, images and registries, in every format.

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

  /** A file gets what standard output gets. */
  const written = sample(FORMAT_NAMES, 3);
  it.each(FORMAT_NAMES)("scan --format %s", async (format) => {
    const scan = ["scan", "docker:leaky", "docker:placed", "image:*", "--min-confidence", "low", "--format", format];
    const ran = await quiet(watch, scan);
    expect(ran.code).toBe(3);
    const said = ran.stdout.replaceAll("\\", ""); // Markdown escapes the underscore
    for (const { name } of variables) expect(said).toContain(name);
    if (!written.includes(format)) return;
    const saved = await quiet(watch, [...scan, "-o", `report.${format}`]);
    expect(saved.code, saved.stderr).toBe(3);
    expect(readFileSync(join(stage.world.dir, `report.${format}`), "utf8").replaceAll("\\", "")).toContain(
      "SESSION_SECRET",
    );
  });

  it("scan --remember and watch: what is told, and what the history keeps", async () => {
    const sources = ["docker:leaky", "docker:placed", "image:*"];
    const remembered = await quiet(watch, ["scan", ...sources, "--remember", "--min-confidence", "low"]);
    expect(remembered.code).toBe(3);
    const history = readFileSync(join(stage.world.dir, "state/unsprawl/history.db"));
    expect(history.includes("SESSION_SECRET")).toBe(true);
    expect(watch.find(history.toString("latin1"))).toEqual([]);
    rmSync(join(stage.world.dir, "state/unsprawl/history.db"));
    const once = ["watch", ...sources, "--once", "--min-confidence", "low"];
    expect((await quiet(watch, once)).code).toBe(3);
    expect((await quiet(watch, [...once, "--json"])).code).toBe(0); // known by now
    expect(watch.find(readFileSync(join(stage.world.dir, "state/unsprawl/history.db"), "latin1"))).toEqual([]);
  });

  it("scan of a registry: its login and its tokens, and what is kept of an interrupted scan", async () => {
    const server = await startRegistry({ auth: "token" });
    const registry = clientOf(server);
    const config = { Env: variables.map((one) => `${one.name}=${one.value}`) };
    for (let at = 0; at < 40; at++)
      await pushImage(registry, "leaky/app", [`v${at}`], { config: { ...config, Labels: { at: String(at) } } });
    let answers = true;
    const gate = await startGate(server.host, (_request, response) => {
      if (answers || gate.seen.length < 80) return false;
      response.destroy();
      return true;
    });
    const docker = join(stage.world.memory, "docker");
    mkdirSync(docker);
    writeFileSync(
      join(docker, "config.json"),
      readFileSync(join(dockerConfig({ ...server, host: gate.host }), "config.json")),
    );
    const login = Buffer.from(`${server.username}:${server.password}`).toString("base64");
    const own = [server.password, login].map((value) => ({ name: "the login", value, parts: [value] }));
    const all = new Watch([...variables, ...own]);
    const env = { DOCKER_CONFIG: docker };
    const scan = ["scan", `registry:${gate.host}/leaky/app:*`, "--min-confidence", "low"];
    const shown: string[] = [];
    const run = async (...more: string[]): Promise<number | null> => {
      const ran = await quiet(all, [...scan, ...more], { env });
      shown.push(ran.stdout, ran.stderr);
      return ran.code;
    };
    expect(await run("--json")).toBe(3);
    answers = false;
    gate.seen.length = 0;
    expect(await run()).toBe(1);
    const kept = filesBelow(join(stage.world.dir, "state")).filter((file) => file.includes("/scans/"));
    expect(kept).toHaveLength(1);
    expect(readFileSync(kept[0] ?? "", "utf8")).toContain("SESSION_SECRET");
    const given = server.tokens?.given ?? [];
    expect(given.length).toBeGreaterThan(1);
    const tokens = new Watch(given.map((value) => ({ name: "a token", value, parts: [value] })));
    expect(tokens.find(shown.join("\n"))).toEqual([]);
    expect(tokens.findInFiles(stage.world.dir)).toEqual([]);
    answers = true;
    expect(await run("--resume", "--format", "html")).toBe(3);
    registry.close();
    await gate.stop();
    await server.stop();
  });

  it("scan finds every canary, so that the rest of this file proves something", async () => {
    const { stdout } = await quiet(watch, [
      "scan",
      "docker:leaky",
      "docker:placed",
      "--json",
      "--min-confidence",
      "low",
    ]);
    const { findings } = JSON.parse(stdout) as {
      findings: { name: string; location: { where: string; subjectName: string } }[];
    };
    const inVariables = findings.filter((one) => one.location.where === "env").map((one) => one.name);
    // A document of credentials holds several secrets, each of which is a finding.
    expect([...new Set(inVariables)].sort()).toEqual(variables.map((one) => one.name).sort());
    const places = new Set(
      findings.filter((one) => one.location.subjectName === "placed").map((one) => one.location.where),
    );
    expect([...places].sort()).toEqual(["annotation", "cmd", "healthcheck", "label", "log-opt"]);
  });
});

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { composeCli } from "../services/compose.ts";
import { BUSYBOX } from "../services/images.ts";
import { startRegistry } from "../services/registry.ts";
import { filesOf, layFiles } from "../support/formats.ts";
import { clientOf, pushImage } from "../support/pushed.ts";
import { makeCaseStage, plain, throughAll, type Case } from "./case.ts";
import { APP } from "./stage.ts";

// The guard of Law 1 for Compose projects, Swarm services, and images in an engine and in a registry.

const stage = makeCaseStage({ withSwarm: true });
let program: string;
beforeAll(async () => {
  program = await composeCli();
});

describe("services", () => {
  // The second start is the first migration's.
  const script = `n=x$(cat /starts/n 2>/dev/null); printf %s "$n" >/starts/n; if [ "$n" = xx ]; then env; exit 3; fi; ${APP}`;
  const expectQuietEngine = ({ watch }: Case): void =>
    expect(["data/containers", "exec"].flatMap((dir) => watch.findInFiles(join(stage.engine.dir, dir)))).toEqual([]);

  it("a Compose project", async () => {
    const one = stage.newCase();
    const quoted = (pairs: Case["secrets"]): string =>
      pairs
        .map(([name, value]) => `      ${name}: ${JSON.stringify(value).replaceAll("$", "$$$$")} # rotate\n`)
        .join("");
    // A file of variables has no way to write an apostrophe.
    const filed = one.secrets.filter(([, value], at) => at % 2 === 0 && !value.includes("'"));
    const start = join(one.world.memory, "starts");
    mkdirSync(start);
    const inYaml = (text: string): string => JSON.stringify(text).replaceAll("$", "$$$$");
    const command = ["sh", "-c", script, "app", `--token=${one.secrets[0]?.[1] ?? ""}`];
    layFiles(one.dir, {
      "compose.yaml": `services:\n  api:\n    image: ${BUSYBOX}\n    network_mode: none\n    volumes: ["${start}:/starts"]\n    command: [${command.map(inYaml).join(", ")}]\n    env_file: api.env\n    environment:\n${quoted(one.secrets.filter((pair) => !filed.includes(pair)))}`,
      "api.env": filed.map(([name, value]) => `${name}='${value}'\n`).join(""),
    });
    const compose = (...args: string[]): Buffer =>
      execFileSync(program, ["-p", "shop", ...args], { cwd: one.dir, env: { ...one.world.env }, stdio: "pipe" });
    compose("up", "-d");
    const before = filesOf(one.dir);
    const options = ["--to", "local", "--deliver", "shim", "--grace", "100ms"];
    // Longer than it takes to die, on a busy machine too.
    const died = await one.quiet(["migrate", "docker:shop-*", ...options, "--grace", "20s", "--yes"], 1);
    expect(died.stderr).toContain("its last words");
    expect([filesOf(one.dir), one.watch.findInFiles(one.world.dir)]).toEqual([before, []]);
    await throughAll(
      one,
      ["docker:shop-*"],
      options,
      () => {
        expect(one.watch.findInFiles(one.dir)).toEqual([]);
        expectQuietEngine(one);
      },
      () => expect(filesOf(one.dir)).toEqual(before),
    );
    compose("down", "-t", "1");
  });

  it("a Swarm service", async () => {
    const one = stage.newCase((value) => !value.includes("\0"));
    const env = one.secrets.flatMap((pair) => ["--env", pair.join("=")]);
    const quick = ["--quiet", "--update-monitor", "100ms", "--restart-delay", "100ms", "--update-order", "start-first"];
    stage.engine.docker("service", "create", "--name", "moved", ...quick, ...env, BUSYBOX, "sh", "-c", APP);
    const shown = (what: string): string[] =>
      one.watch.find(stage.engine.docker("service", "inspect", "--format", what, "moved"));
    const options = ["--to", "vault", "--deliver", "shim", "--grace", "100ms", "--health-timeout", "20s"];
    await throughAll(
      one,
      ["swarm:moved"],
      options,
      () => expect(shown("{{json .Spec}}")).toEqual([]),
      () => expect(shown("{{json .Spec}}")).not.toEqual([]),
      5, // what the swarm remembers of old tasks only it can forget
    );
    // Its spec from before, too.
    expect(shown("{{json .}}")).toEqual([]);
  });
});

describe("images", () => {
  it("in an engine", async () => {
    const one = stage.newCase(plain);
    const lines = one.secrets.map(([name, value]) => `ENV ${name}=${value}\nLABEL copy.${name}=${value}\n`);
    layFiles(one.dir, { Dockerfile: `FROM ${BUSYBOX}\n${lines.join("")}` });
    stage.engine.docker("build", "--quiet", "--network", "none", "-t", "leak/app:1", one.dir);
    rmSync(join(one.dir, "Dockerfile"));
    const shown = (): readonly string[] => {
      const file = join(one.dir, "saved.tar");
      stage.engine.docker("save", "-o", file, "leak/app:1");
      const told =
        stage.engine.docker("image", "inspect", "leak/app:1") +
        stage.engine.docker("history", "--no-trunc", "leak/app:1");
      const found = one.watch.find(told + readFileSync(file, "latin1"));
      rmSync(file);
      return found;
    };
    expect(shown()).not.toEqual([]);
    const gone = (): void => expect(shown()).toEqual([]);
    await throughAll(one, ["image:leak/app:1"], ["--to", "vault"], gone, () => expect(shown()).not.toEqual([]));
  });

  it("in a registry", async () => {
    const one = stage.newCase(plain);
    const server = await startRegistry();
    const registry = clientOf(server);
    try {
      const pairs = one.secrets.map((pair) => pair.join("="));
      const history = pairs.map((pair) => ({ created_by: `ENV ${pair}`, empty_layer: true }));
      const annotations = { "org.example.token": one.secrets[0]?.[1] ?? "" };
      await pushImage(registry, "leak/app", ["1"], { config: { Env: pairs }, history }, { annotations });
      const bodies = (): readonly string[] => one.watch.findInFiles(join(server.dir, "data"));
      expect(bodies()).not.toEqual([]);
      const source = `registry:${server.host}/leak/app:1`;
      // What only the old image named stays until the registry's own garbage collection.
      await throughAll(
        one,
        [source],
        ["--to", "vault"],
        () => undefined,
        () => undefined,
        5,
      );
      const scanned = await one.quiet(["scan", source], 0);
      expect(scanned.stdout).toContain("no secrets found");
    } finally {
      registry.close();
      await server.stop();
    }
  });
});

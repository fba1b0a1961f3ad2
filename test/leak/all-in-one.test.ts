import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { FORMAT_NAMES } from "../../src/cli/views/index.ts";
import { BUSYBOX } from "../services/images.ts";
import { FORMATS, layFiles } from "../support/formats.ts";
import { quiet } from "../support/quiet.ts";
import { makeCaseStage, plain, layAll, type Case } from "./case.ts";

// The guard of Law 1 for scans and plans of every format at once.

const stage = makeCaseStage({ withSwarm: true });

describe("all in one", () => {
  let one: Case;
  const sources: string[] = [];

  beforeAll(() => {
    one = stage.newCase(plain, Infinity);
    sources.push(...layAll(one, FORMATS));
    const build = one.secrets.map(([name, value]) => `ENV ${name}=${value}\nRUN deploy --token=${value} $${name}\n`);
    const command = one.secrets.map(([name, value]) => `--${name.toLowerCase()}=${value}`);
    layFiles(join(one.dir, "build"), {
      Dockerfile: `FROM a\n${build.join("")}COPY .env ./\n`,
      ".env": one.secrets.map((pair) => `${pair.join("=")}\n`).join(""),
      "compose.yaml": JSON.stringify({ services: { api: { image: BUSYBOX, command, env_file: ".env" } } }),
    });
    sources.push(`dockerfile:${one.dir}/build`, `compose:${one.dir}/build`, "swarm:");
    const env = one.secrets.flatMap((pair) => ["--env", pair.join("=")]);
    stage.engine.docker(
      "service",
      "create",
      "--detach",
      "--name",
      "seen",
      "--replicas",
      "0",
      ...env,
      BUSYBOX,
      ...command,
    );
  });

  // A baseline holds no names.
  it.each(FORMAT_NAMES.filter((format) => format !== "baseline"))("scan --format %s", async (format) => {
    const ran = await one.quiet(["scan", ...sources, "--min-confidence", "low", "--format", format], 3);
    for (const { name } of one.canaries) expect(ran.stdout.replaceAll("\\", "")).toContain(name);
  });

  it.each([[[]], [["--json"]], [["--deliver", "file", "--only", "*TOKEN"]]])("plan %j", async (more) => {
    const ran = await one.quiet(["plan", ...sources, "--to", "vault", ...more], 3);
    expect(ran.stdout).toMatch(/docker build --secret/);
  });

  it("what cannot be read", async () => {
    for (const [name, value] of one.secrets.slice(0, 2)) {
      writeFileSync(join(one.dir, "broken.yaml"), `${value}\n a: [${name}: ${value}\n`);
      for (const kind of ["env", "compose", "kubernetes", "dockerfile"]) {
        const ran = await quiet(one.world, one.watch, ["scan", `${kind}:${one.dir}/broken.yaml`], {}, one.dir);
        expect([0, 1, 3]).toContain(ran.code);
      }
    }
  });
});

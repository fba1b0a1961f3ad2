// What planning costs in a container and in a Compose project of many variables: seconds of CPU, which should double
// with them. `node test/bench/plan.ts --cpu-prof` also writes a profile of each into the present folder.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { composeCli } from "../services/compose.ts";
import { startEngine } from "../services/engine.ts";
import { BUSYBOX, makeImages } from "../services/images.ts";
import { makeWorld, MAIN } from "../support/world.ts";

const SIZES = [2500, 5000, 10_000];
const SECRETS = 300;
/** In bytes: just below what the kernel accepts as one variable. */
const LONG = 120 * 1024;
const CPU = `process.on("exit",()=>{const{user,system}=process.cpuUsage();process._rawDebug("cpu "+(user+system))})`;

const main = process.env["UNSPRAWL_MAIN"] ?? MAIN;
const engine = await startEngine();
const world = makeWorld(engine.host);
try {
  const [program] = await Promise.all([composeCli(), makeImages(engine)]);
  for (const size of SIZES) {
    const project = join(world.dir, `bench${size}`);
    mkdirSync(project);
    const [long = "", ...others] = variables(size);
    writeFileSync(join(project, "app.env"), `${[long, ...others].join("\n")}\n`);
    // Docker's own client reads no long line from a file.
    writeFileSync(join(world.dir, "others.env"), `${others.join("\n")}\n`);
    const service = `{ image: "${BUSYBOX}", network_mode: none, command: sleep 10000, env_file: [app.env] }`;
    writeFileSync(join(project, "compose.yaml"), `services:\n  app: ${service}\n`);
    const args = [
      "--name",
      `many-${size}`,
      "--env-file",
      join(world.dir, "others.env"),
      "-e",
      long,
      BUSYBOX,
      "sleep",
      "10000",
    ];
    engine.docker("run", "-d", "--network", "none", ...args);
    run(program, ["up", "-d"], project);
    for (const [verb, source] of [
      ["scan", `docker:many-${size}`],
      ["plan", `docker:many-${size}`],
      ["plan", `compose:${project}`],
    ] as const) {
      const to = verb === "plan" ? ["--to", "local"] : [];
      const profile = process.argv.includes("--cpu-prof") ? ["--cpu-prof", `--cpu-prof-dir=${process.cwd()}`] : [];
      const argv = [...profile, "--import", `data:text/javascript,${CPU}`, main, verb, source, "--json", ...to];
      const { stderr, stdout } = run(process.execPath, argv, world.dir);
      const cpu = Number(/^cpu (\d+)$/m.exec(stderr)?.[1]) / 1e6;
      const moved = verb === "plan" ? `, ${JSON.parse(stdout).steps.filter(isPut).length} move` : "";
      console.log(`${verb} ${source.replace(`${world.dir}/`, "")}: ${cpu.toFixed(2)} s of CPU${moved}`);
    }
    run(program, ["down", "-t", "1"], project);
    engine.docker("rm", "-f", `many-${size}`);
  }
} finally {
  await engine.stop();
  world.remove();
}

function isPut(step: { readonly kind: string }): boolean {
  return step.kind === "put";
}

function run(command: string, args: readonly string[], cwd: string): { stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: world.env,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0 && status !== 3) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr.slice(-2000)}`);
  return { stdout, stderr };
}

/** Mostly plain settings, and secrets between them, one of which is long. */
function variables(size: number): readonly string[] {
  const every = Math.floor(size / SECRETS);
  return Array.from({ length: size }, (_, at) => {
    if (at % every !== 0 || at / every >= SECRETS) return `SETTING_${at}=value-${at}`;
    return `APP_${at}_PASSWORD=${randomBytes(at === 0 ? LONG / 2 : 16).toString("hex")}`;
  });
}

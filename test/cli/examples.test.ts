import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/specs/index.ts";
import { FIRST_EXAMPLES } from "../../src/cli/help.ts";
import { nameOf } from "../../src/cli/specs/spec.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { installProgram } from "../services/installed.ts";
import { workerEngine } from "../services/worker-engine.ts";
import { track } from "../support/children.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, putProgram } from "../support/world.ts";
import { dockerAt } from "./containers.ts";

// Every example of every `--help`, as it stands there, in the order of the commands: one story in one folder.

const { host } = await workerEngine();
const world = makeWorld(host);
const docker = dockerAt(host, world);
const { DB_PASSWORD = "" } = twelveSecrets();
const bin = join(world.dir, "bin");

beforeAll(() => {
  docker("run", "-d", "--name", "web", "--network", "none", "-e", `DB_PASSWORD=${DB_PASSWORD}`, BUSYBOX, ...APP);
  docker("tag", BUSYBOX, "shop/web:1.2");
  const put = (name: string, text: string, mode = 0o600): void => writeFileSync(join(world.dir, name), text, { mode });
  put(
    "compose.yaml",
    `services:\n  api:\n    image: ${BUSYBOX}\n    environment:\n      DB_PASSWORD: ${DB_PASSWORD}\n`,
  );
  put("value.txt", DB_PASSWORD);
  put("pairs.ndjson", `{"id":1,"where":"env","name":"DB_PASSWORD","value":"${DB_PASSWORD}"}\n`);
  put("unsprawl.yaml", "failOn: high\n");
  put("server", "#!/bin/sh\necho served\n", 0o755);
  for (const folder of [".zsh", ".local/share/bash-completion/completions", ".config/fish/completions"])
    mkdirSync(join(world.dir, folder), { recursive: true });
  putProgram(bin, installProgram());
});

afterAll(() => {
  for (const name of docker("ps", "-aq", "--filter", "name=web").split("\n").filter(Boolean)) docker("rm", "-f", name);
  docker("rmi", "shop/web:1.2");
  world.remove();
});

/** Exit codes besides 0 and 3 that are right in this folder, and what is said then. */
const OTHERWISE: { readonly [command: string]: readonly [code: number, says: RegExp] } = {
  "unsprawl resume": [1, /there is no run to resume/],
  "unsprawl init": [1, /unsprawl\.yaml exists already/],
  "unsprawl uninstall --check": [1, /1 container needs unsprawl to start/],
  "unsprawl uninstall": [1, /1 container needs unsprawl to start/],
  "unsprawl scrub last --accept key-backup": [5, /shell histor|looked for/],
  "unsprawl doctor": [1, /[✓✗?]/],
  "unsprawl doctor --no-residue": [1, /[✓✗?]/],
  "unsprawl fleet serve": [2, /no fleet is configured/],
  "unsprawl fleet worker --jobs 8": [2, /UNSPRAWL_DATABASE_URL/],
  "unsprawl fleet status": [2, /UNSPRAWL_DATABASE_URL/],
  "unsprawl runtime status": [1, /not installed|✗/],
  "unsprawl rotate last --dry-run": [1, /no secret that was moved is meant/],
  "unsprawl rotate docker:web --only DB_PASSWORD": [2, /nobody can be asked here: it needs --yes/],
  "unsprawl rotate docker:web --only DB_PASSWORD --dynamic --dry-run": [1, /no secret that was moved is meant/],
  "unsprawl rotate --due --yes": [2, /does not say how often secrets are rotated/],
  "unsprawl plugin install --to prod --yes": [2, /no store named "prod"/],
  "unsprawl stores policy --to vault": [2, /VAULT_ADDR/],
  "unsprawl plugin status": [1, /the engine has no volume plugin of this installation/],
};
/** They serve until they are ended: this is what they say once they do. */
const SERVES: { readonly [command: string]: RegExp } = {
  "unsprawl watch --every 15m --events": /next scan/,
};
/** What has to be so before an example. */
const BEFORE: { readonly [command: string]: readonly string[] } = {
  "unsprawl runs": ["migrate", "docker:web", "--to", "local", "--yes", "--grace", "100ms"],
  "unsprawl scrub last --dry-run": ["migrate", "docker:web", "--to", "local", "--yes", "--grace", "100ms"],
};

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

async function typed(command: string): Promise<Ended> {
  const isPlain = !/[<>|]|^unsprawl run | install systemd/.test(command);
  if (isPlain && !(command in SERVES)) return world.unsprawl(command.split(" ").slice(1));
  const child = spawn("sh", ["-c", `exec ${command}`], {
    cwd: world.dir,
    env: { ...world.env, PATH: [bin, world.env["PATH"]].join(delimiter) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  track(child);
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].on("data", (chunk: Buffer) => {
      said[stream] += chunk.toString("utf8");
      if (SERVES[command]?.test(said[stream])) child.kill("SIGTERM");
    });
  const code = await new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  return { code, ...said };
}

describe.each([
  ["unsprawl", FIRST_EXAMPLES] as const,
  ...COMMANDS.map((spec) => [nameOf(spec), spec.examples] as const),
])("the examples of %s", (_name, examples) => {
  it.each(examples.map(([command]) => command))("%s", async (command) => {
    const before = BEFORE[command];
    if (before !== undefined) expect((await world.unsprawl(before)).code).toBe(0);
    const { code, stdout, stderr } = await typed(command);
    const [other, says] = OTHERWISE[command] ?? [0, /^/];
    expect([0, 3, ...(command in SERVES ? [130] : []), other], `${stdout}${stderr}`).toContain(code);
    if (code === other) expect(`${stdout}${stderr}`).toMatch(says);
    for (const text of [stdout, stderr]) expect(text).not.toContain(DB_PASSWORD);
  });
});

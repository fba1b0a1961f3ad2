import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../../services/compose.ts";
import { importImage, staticBusybox } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { makeWorld, type World } from "../../support/world.ts";

// Programs of images without a shell whose manuals say that they read a value from a file.

const { SESSION_SECRET = "", DB_PASSWORD = "", GITHUB_TOKEN = "" } = twelveSecrets();
const TUNNEL = "unsprawl-test/cloudflared:1";
const TOWER = "unsprawl-test/watchtower:1";

const COMPOSE = `name: options
services:
  tunnel:
    image: ${TUNNEL}
    network_mode: none
    command: tunnel --loglevel \${LEVEL} run --token \${CF_TOKEN}
  second:
    image: ${TUNNEL}
    network_mode: none
    command: ["tunnel", "run"]
    environment: { TUNNEL_TOKEN: "\${CF_TOKEN}" }
  tower:
    image: ${TOWER}
    network_mode: none
    command: --http-api-update --notification-gotify-token=${GITHUB_TOKEN}
    environment:
      - WATCHTOWER_HTTP_API_TOKEN=${DB_PASSWORD} # of its clients
      - TZ=UTC
`;
const ENV = `LEVEL=debug\nCF_TOKEN=${SESSION_SECRET}\n`;

let engine: WorkerEngine;
let world: World;
let program: string;
let dir: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  const busybox = await staticBusybox();
  for (const [tag, name] of [
    [TUNNEL, "cloudflared"],
    [TOWER, "watchtower"],
  ] as const) {
    // Its own shell is none that a container could be started with.
    const fill = (root: string): void => {
      mkdirSync(join(root, "app"));
      for (const applet of ["ash", "sleep"]) copyFileSync(busybox, join(root, "app", applet));
      // As both programs do, whose options name the files.
      const reads = "for one in /run/secrets/*; do [ ! -f $one ] || read -r _ <$one; done";
      const script = `#!/app/ash\n${reads}\ntrap 'exit 0' TERM\nwhile :; do sleep 1000 & wait $!; done\n`;
      writeFileSync(join(root, "app", name), script, { mode: 0o755 });
    };
    importImage(engine, tag, fill, ["ENV PATH=/app", `ENTRYPOINT ["/app/${name}"]`]);
  }
  world = makeWorld(engine.host);
  dir = join(world.dir, "options");
  mkdirSync(dir);
  writeFileSync(join(dir, "compose.yaml"), COMPOSE);
  writeFileSync(join(dir, ".env"), ENV);
  execFileSync(program, ["up", "-d"], { cwd: dir, env: world.env, stdio: "pipe" });
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

const NAMES = ["tunnel", "second", "tower"].map((service) => `options-${service}-1`);

/** What a service's first process was called with, behind its program. */
function argv(service: string): string {
  const pid = engine.docker("inspect", "-f", "{{.State.Pid}}", `options-${service}-1`).trim();
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(2, -1).join(" ");
}

it("get the file's path in the place of the value", async () => {
  const planned = await world.unsprawl(["plan", "compose:options", "docker:options-*", "--to", "local", "--json"]);
  const plan = JSON.parse(planned.stdout) as { id: string; notMoved: unknown[]; warnings: { text: string }[] };
  expect(plan.notMoved).toEqual([]);
  expect(plan.warnings.map(({ text }) => text)).toContain("tunnel: cloudflared reads files from version 2025.4.0 on");
  const moved = await world.unsprawl(["migrate", "docker:options-*", "--to", "local", "--grace", "500ms", "--yes"]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  expect(argv("tunnel")).toBe("tunnel --loglevel debug run --token-file /run/secrets/TUNNEL_TOKEN");
  expect(argv("second")).toBe("tunnel run");
  const file = readFileSync(join(dir, "compose.yaml"), "utf8");
  expect(file).toContain('"--loglevel", "${LEVEL}", "run", "--token-file", "/run/secrets/TUNNEL_TOKEN"]');
  expect(file).toContain("TUNNEL_TOKEN_FILE: ");
  expect(file).toContain("- WATCHTOWER_HTTP_API_TOKEN=/run/secrets/WATCHTOWER_HTTP_API_TOKEN # of its clients");
  expect(argv("tower")).toMatch(/^--http-api-update --notification-gotify-token=\/run\/secrets\/\w+$/);
  const shown = engine.docker("inspect", ...NAMES) + file + readFileSync(join(dir, ".env"), "utf8");
  for (const value of [SESSION_SECRET, DB_PASSWORD, GITHUB_TOKEN]) expect(shown).not.toContain(value);
  const back = await world.unsprawl(["rollback", "last"]);
  expect(back.code, back.stdout + back.stderr).toBe(0);
  expect(readFileSync(join(dir, "compose.yaml"), "utf8")).toBe(COMPOSE);
  expect(readFileSync(join(dir, ".env"), "utf8")).toBe(ENV);
});

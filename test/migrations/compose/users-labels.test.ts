import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../../services/compose.ts";
import { importImage, staticBusybox } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { makeWorld, type World } from "../../support/world.ts";

// Traefik's users in a label: it takes a file with the same text, which its own container gets.

const { GITHUB_TOKEN = "" } = twelveSecrets();
const TRAEFIK = "unsprawl-test/traefik:3";
const OTHER = "unsprawl-test/whoami:1";

const letters = (count: number): string =>
  randomBytes(count * 3)
    .toString("base64")
    .replaceAll(/[+/=]/g, "")
    .slice(0, count);
const hash = (): string => `$2y$05$${letters(53)}`;
const [ADMIN, OPS, METRICS, STRANGER, OLD, SWARM] = [hash(), hash(), hash(), hash(), hash(), hash()];
const [ONE, TWO] = [hash(), hash()];
const doubled = (text: string): string => text.replaceAll("$", () => "$$");

/** As traefik-library-image has it, and with a file that it writes at each start, as Nextcloud's does: no loss. */
const SCRIPT = `#!/bin/sh
set -e
# first arg is \`-f\` or \`--some-option\`
if [ "\${1#-}" != "$1" ]; then
    set -- traefik "$@"
fi
{
    echo "shell=$0"
} > /settings.ini
exec "$@"
`;

const COMPOSE = `name: edge
services:
  traefik:
    image: ${TRAEFIK}
    network_mode: none
    command: --providers.docker
    environment:
      - CF_DNS_API_TOKEN=${GITHUB_TOKEN}
    labels:
      - "traefik.enable=true"
      - "traefik.http.middlewares.\${NAME}-auth.basicauth.users=\${DASHBOARD_USERS}" # htpasswd -nB admin
      - traefik.http.middlewares.team.basicauth.users=\${TEAM}
      - traefik.http.middlewares.ops.basicauth.users=\${OPS_NAME}:\${OPS_HASH}
  metrics:
    image: ${TRAEFIK}
    network_mode: none
    labels:
      traefik.enable: "true"
      traefik.frontend.auth.basic.users: "\${TRAEFIK_API_USERS}"
      traefik.http.middlewares.metrics.digestauth.users: 'scrape:traefik:${doubled(METRICS)}'
    deploy:
      labels:
        - traefik.http.middlewares.swarm.basicauth.users=swarm:${doubled(SWARM)}
  whoami:
    image: ${OTHER}
    network_mode: none
    labels:
      - traefik.http.middlewares.who.basicauth.users=guest:${doubled(STRANGER)}
`;
const ENV = `NAME=edge
DASHBOARD_USERS='admin:${ADMIN}'
TEAM='one:${ONE}, two:${TWO}'
OPS_NAME=opsmen
OPS_HASH='${OPS}'
TRAEFIK_API_USERS='old:${OLD}'
`;

let engine: WorkerEngine;
let world: World;
let program: string;
let dir: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  const busybox = await staticBusybox();
  const fill = (root: string): void => {
    mkdirSync(join(root, "bin"));
    copyFileSync(busybox, join(root, "bin/busybox"));
    for (const applet of ["sh", "sleep"]) symlinkSync("busybox", join(root, "bin", applet));
    const stays = "#!/bin/sh\ntrap 'exit 0' TERM\nwhile :; do sleep 1000 & wait $!; done\n";
    // Traefik reads the files that its labels name.
    const reads = "for one in /run/secrets/* /run/unsprawl/secrets/*; do [ ! -f $one ] || read -r _ <$one; done\n";
    for (const name of ["traefik", "whoami"])
      writeFileSync(join(root, "bin", name), stays.replace("\n", `\n${reads}`), { mode: 0o755 });
    writeFileSync(join(root, "entrypoint.sh"), SCRIPT, { mode: 0o755 });
  };
  importImage(engine, TRAEFIK, fill, ["ENV PATH=/bin", 'ENTRYPOINT ["/entrypoint.sh"]', 'CMD ["traefik"]']);
  importImage(engine, OTHER, fill, ["ENV PATH=/bin", 'ENTRYPOINT ["/bin/whoami"]']);
  world = makeWorld(engine.host);
  dir = join(world.dir, "edge");
  mkdirSync(dir);
  writeFileSync(join(dir, "compose.yaml"), COMPOSE);
  writeFileSync(join(dir, ".env"), ENV);
  execFileSync(program, ["up", "-d"], { cwd: dir, env: world.env, stdio: "pipe" });
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

/** A file as a container's first process sees it. */
function fileIn(service: string, path: string): string {
  const pid = engine.docker("inspect", "-f", "{{.State.Pid}}", `edge-${service}-1`).trim();
  return readFileSync(`/proc/${pid}/root${path}`, "utf8");
}

it(
  "become a file of Traefik's own container; those of another one stay, with what to write",
  { timeout: 300_000 },
  async () => {
    const planned = await world.unsprawl(["plan", "compose:edge", "--to", "local", "--json"]);
    const plan = JSON.parse(planned.stdout) as {
      notMoved: { reason: string; hint: string }[];
      warnings: { text: string }[];
    };
    expect(plan.notMoved.map(({ reason, hint }) => [reason, hint])).toEqual([
      [
        "is in the label traefik.http.middlewares.who.basicauth.users of whoami, and Traefik, which reads it, is another service",
        "write traefik.http.middlewares.who.basicauth.usersfile=/run/secrets/users in place of traefik.http.middlewares.who.basicauth.users, and give that file, with one name:hash a line, to the service that runs Traefik",
      ],
    ]);
    const notes = plan.warnings.map(({ text }) => text);
    expect(notes.filter((text) => text.includes("BASICAUTH_OPS_USERS"))).toEqual([
      "traefik: the label traefik.http.middlewares.ops.basicauth.usersfile names the file of BASICAUTH_OPS_USERS, which Traefik reads",
    ]);
    const byRuntime = await world.unsprawl(["plan", "compose:edge", "--to", "local", "--deliver", "runtime"]);
    expect(byRuntime.stdout).toContain("no delivery fits metrics: runtime: a label names a file, and it writes none");
    const moved = await world.unsprawl(["migrate", "compose:edge", "--to", "local", "--grace", "500ms", "--yes"]);
    expect(moved.code, moved.stdout + moved.stderr).toBe(3);
    const file = readFileSync(join(dir, "compose.yaml"), "utf8");
    expect(file).toContain(
      '- "traefik.http.middlewares.${NAME}-auth.basicauth.usersfile=/run/unsprawl/secrets/DASHBOARD_USERS" # htpasswd -nB admin',
    );
    expect(file).toContain(
      "- traefik.http.middlewares.ops.basicauth.usersfile=/run/unsprawl/secrets/BASICAUTH_OPS_USERS\n",
    );
    expect(file).toContain(
      "traefik.http.middlewares.metrics.digestauth.usersfile: '/run/secrets/DIGESTAUTH_METRICS_USERS'",
    );
    expect(fileIn("metrics", "/run/secrets/BASICAUTH_SWARM_USERS")).toBe(`swarm:${SWARM}`);
    // No shell is needed where only a label changes.
    expect(file.slice(file.indexOf("  metrics:"), file.indexOf("  whoami:"))).not.toContain("entrypoint");
    expect(fileIn("traefik", "/settings.ini")).toBe("shell=/entrypoint.sh\n");
    expect(fileIn("traefik", "/run/unsprawl/secrets/DASHBOARD_USERS")).toBe(`admin:${ADMIN}`);
    expect(fileIn("traefik", "/run/unsprawl/secrets/BASICAUTH_OPS_USERS")).toBe(`opsmen:${OPS}`);
    expect(fileIn("traefik", "/run/unsprawl/secrets/BASICAUTH_TEAM_USERS")).toBe(`one:${ONE}\ntwo:${TWO}`);
    expect(fileIn("metrics", "/run/secrets/DIGESTAUTH_METRICS_USERS")).toBe(`scrape:traefik:${METRICS}`);
    const env = readFileSync(join(dir, ".env"), "utf8");
    expect(env).toBe("NAME=edge\nOPS_NAME=opsmen\n");
    // Traefik would take TRAEFIK_API_… for a setting of its API.
    expect(file + env).not.toContain("TRAEFIK_API");
    const shown = engine.docker("inspect", "edge-traefik-1", "edge-metrics-1") + file + env;
    for (const value of [
      ADMIN,
      OPS,
      ONE,
      TWO,
      METRICS,
      doubled(METRICS),
      OLD,
      doubled(OLD),
      doubled(SWARM),
      GITHUB_TOKEN,
    ])
      expect(shown).not.toContain(value);
    const again = await world.unsprawl(["plan", "docker:edge-traefik-1", "docker:edge-metrics-1", "--to", "local"]);
    expect(again.code, again.stdout + again.stderr).toBe(0);
    const back = await world.unsprawl(["rollback", "last"]);
    expect(back.code, back.stdout + back.stderr).toBe(0);
    expect(readFileSync(join(dir, "compose.yaml"), "utf8")).toBe(COMPOSE);
    expect(readFileSync(join(dir, ".env"), "utf8")).toBe(ENV);
    expect(engine.docker("inspect", "edge-metrics-1")).toContain(METRICS);
  },
);

it("move from the running container too", async () => {
  // Written at the start, a file is no loss; written at any other time, it is.
  const touch = ["/bin/busybox", "touch", "-d", "2020-01-01 00:00", "/settings.ini"];
  engine.docker("exec", "edge-metrics-1", ...touch);
  const refused = await world.unsprawl(["plan", "docker:edge-metrics-1", "--to", "local"]);
  expect(refused.stdout).toContain("files changed in its own layer (/settings.ini)");
  engine.docker("restart", "-t", "1", "edge-metrics-1");
  const moved = await world.unsprawl([
    "migrate",
    "docker:edge-metrics-1",
    "--to",
    "local",
    "--grace",
    "500ms",
    "--yes",
  ]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  expect(engine.docker("inspect", "edge-metrics-1")).not.toContain(METRICS);
  expect(fileIn("metrics", "/run/secrets/DIGESTAUTH_METRICS_USERS")).toBe(`scrape:traefik:${METRICS}`);
});

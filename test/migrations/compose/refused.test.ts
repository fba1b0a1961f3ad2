import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { composeCli } from "../../services/compose.ts";
import { APP, BUSYBOX, FILE_ENV, SHELL_LESS } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { makeWorld, type World } from "../../support/world.ts";
import type { Plan } from "../../../src/model/plan.ts";
import { filesOf } from "../../support/formats.ts";
import { password } from "../files-world.ts";

// What stays in a project says what it is and what to write, and keeps nothing else from moving.

let engine: WorkerEngine;
let world: World;
let program: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  world = makeWorld(engine.host);
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

function put(name: string, project: object, env: string | Buffer = ""): string {
  const dir = join(world.dir, name);
  mkdirSync(dir);
  writeFileSync(join(dir, "compose.yaml"), stringify(project, { aliasDuplicateObjects: false }));
  writeFileSync(join(dir, ".env"), env);
  return dir;
}

const compose = (dir: string, ...args: string[]): string =>
  execFileSync(program, args, { cwd: dir, env: world.env, stdio: ["ignore", "pipe", "pipe"] }).toString();

const service = (environment: object, more: object = {}): object => ({
  ...{ image: BUSYBOX, network_mode: "none", command: APP.map((word) => word.replaceAll("$", "$$$$")), environment },
  ...more,
});

type Left = { readonly [name: string]: string };

async function planOf(dir: string): Promise<{ readonly moves: readonly string[]; readonly left: Left; plan: Plan }> {
  const ran = await world.unsprawl(["plan", `compose:${dir}`, "--to", "local", "--json", "--fail-on", "never"]);
  const plan = JSON.parse(ran.stdout) as Plan;
  const reasons = plan.notMoved.map(({ finding, reason, hint }) => [
    finding.location.subject === "service" ? `${finding.location.subjectName} ${finding.name}` : finding.name,
    `${reason}; next: ${hint ?? ""}`.replaceAll(`${dir}/`, ""),
  ]);
  const moves = plan.steps.flatMap((step) => (step.kind === "put" ? [step.move.name] : []));
  return { moves, left: Object.fromEntries(reasons) as Left, plan };
}

it("each place that is no variable is named by what it is, with what to write in its place", async () => {
  const dir = put(
    "places",
    {
      "x-old": { OLD_PASSWORD: password() },
      services: {
        web: service(
          { DB_PASSWORD: password(), API_PASSWORD: "${API}" },
          {
            labels: {
              ...{ "admin.password": password(), "homepage.widget.password": password() },
              "traefik.http.middlewares.oidc.plugin.auth.password": password(),
            },
            build: { context: ".", args: { NPM_TOKEN: password(), API_TOKEN: "${API}" } },
          },
        ),
        job: service({}, { secrets: ["login"], build: { context: ".", args: [`LIST_TOKEN=${password()}`] } }),
      },
      secrets: { login: { environment: "LOGIN_PASSWORD" } },
      configs: { app: { content: `password=${password()}` } },
      volumes: { data: { driver_opts: { o: `username=x,password=${password()}` } } },
    },
    `LOGIN_PASSWORD=${password()}\nUNUSED_PASSWORD=${password()}\nOLD_TOKEN=${password()}\nOTHER_TOKEN=${password()}\nAPI=${password()}\nUNUSED_URL=amqp://a:\${UNUSED_PASSWORD}@mq\n`,
  );
  writeFileSync(join(dir, "other.yaml"), "services: { app: { image: x, environment: [TOKEN=${OTHER_TOKEN:-a}] } }\n");
  compose(dir, "create", "--no-build", "web");
  const { moves, left, plan } = await planOf(dir);
  expect(moves.toSorted()).toEqual(["API_PASSWORD", "DB_PASSWORD"]);
  expect(plan.warnings.map(({ text }) => text.replaceAll(`${dir}/`, ""))).toContainEqual(
    expect.stringMatching(
      /^API stays in \.env, from which services\.web\.build\.args\.API_TOKEN \(compose\.yaml:\d+\) is filled$/,
    ),
  );
  const elsewhere = plan.notMoved.filter((one) => one.elsewhere === true);
  expect(elsewhere.map(({ finding }) => finding.name)).toEqual([
    "UNUSED_PASSWORD",
    "OLD_TOKEN",
    "OTHER_TOKEN",
    "UNUSED_URL",
  ]);
  const { stdout } = await world.unsprawl(["plan", `compose:${dir}`, "--to", "local"]);
  expect(stdout.replaceAll(`${dir}/`, "")).toMatch(
    /\nElsewhere\n {2}\S+ UNUSED_PASSWORD, \S+ OLD_TOKEN: is set in .*\n {4}next: unsprawl plan env:\.env /,
  );
  // The URL holds the password beside it.
  expect(stdout).toMatch(/; \d+ not moved, 3 elsewhere$/m);
  expect(left).toEqual({
    OLD_PASSWORD: expect.stringMatching(
      /^is in x-old\.OLD_PASSWORD \(compose\.yaml:2\), a base from which no service reads it; next: take line 2 out of compose\.yaml$/,
    ),
    "admin.password": expect.stringMatching(
      /^is in the label services\.web\.labels\.admin\.password .*, and nothing can deliver a label; next: let the program/,
    ),
    "homepage.widget.password": expect.stringContaining("; next: write {{HOMEPAGE_FILE_NAME}} in its place, and give"),
    "traefik.http.middlewares.oidc.plugin.auth.password": expect.stringContaining("a file of Traefik's file provider"),
    NPM_TOKEN: expect.stringMatching(
      /^is in the build argument .*history keeps; next: .*--mount=type=secret,id=NPM_TOKEN/,
    ),
    API_TOKEN: expect.stringMatching(/^is in the build argument services\.web\.build\.args\.API_TOKEN /),
    args: expect.stringContaining("RUN --mount=type=secret,id=LIST_TOKEN in the Dockerfile"),
    content: expect.stringMatching(
      /^is in configs\.app\.content .*inspect does not show it; next: write it into a file/,
    ),
    o: expect.stringMatching(
      /^is in volumes\.data\.driver_opts\.o .*, which docker volume inspect shows; next: let this host mount .*credentials=FILE/,
    ),
    LOGIN_PASSWORD: expect.stringMatching(/^is filled into secrets\.login\.environment .*; next: .*secrets\.login$/),
    OTHER_TOKEN: expect.stringMatching(/; next: unsprawl plan compose:other\.yaml --to STORE, whose services read it$/),
    UNUSED_URL: expect.stringMatching(/^is set in \.env, from which no service reads it/),
    OLD_TOKEN: expect.stringMatching(/^is set in \.env, from which no service reads it/),
    UNUSED_PASSWORD:
      "is set in .env, from which no service reads it; next: unsprawl plan env:.env --to STORE moves it, if a program reads it there; otherwise remove its line",
  });
  engine.docker("rm", "-f", "places-web-1");
});

it("what stays because another service does has the reason of that one, and a plain word that stands twice stays with the line to write", async () => {
  const dir = put(
    "causes",
    {
      services: {
        app: service({ REDIS_PASSWORD: "${REDIS_PASSWORD}" }),
        cache: { image: SHELL_LESS, network_mode: "none", command: ["1", "--requirepass", "${REDIS_PASSWORD}"] },
      },
    },
    `REDIS_PASSWORD=${password()}\n`,
  );
  compose(dir, "create", "--no-build");
  const { moves, left } = await planOf(dir);
  expect(moves).toEqual([]);
  expect(left).toEqual({
    "app REDIS_PASSWORD": expect.stringMatching(
      /^REDIS_PASSWORD is in the command or health check of cache, and its image has no shell to fill it in; next: /,
    ),
    command: expect.stringMatching(/^REDIS_PASSWORD is in the command or health check of cache, /),
  });
  compose(dir, "rm", "-f");
  const words = { command: ["app", "--password", "minioadmin", "--old-password", "minioadmin"] };
  const word = put("word", { services: { bucket: service({}, words) } });
  compose(word, "create");
  expect((await planOf(word)).left["command"]).toMatch(
    /^is in the command services\.bucket\.command .*; next: write \$\{NAME\} in its place/,
  );
  compose(word, "rm", "-f");
  const both = service({ REDIS_PASSWORD: password() }, { healthcheck: { test: "redis-cli -a ${REDIS_PASSWORD}" } });
  const twice = put("twice", { services: { app: both } }, `REDIS_PASSWORD=${password()}\n`);
  compose(twice, "create");
  expect((await planOf(twice)).left["app REDIS_PASSWORD"]).toMatch(
    /^REDIS_PASSWORD of app has another value than the REDIS_PASSWORD that is filled into its .* health check; next: give one/,
  );
  compose(twice, "rm", "-f");
});

it("a line of an env file stays where another service mounts the file, and may read that line itself", async () => {
  const [shared, own, cached, stored] = [password(), password(), password(), password()];
  const dir = put(
    "mounted",
    {
      services: {
        db: service({ ROOT_PASSWORD: "${DB_PASSWORD}" }),
        app: service({ OWN_TOKEN: "${OWN_TOKEN}" }, { volumes: [".:/srv:ro"] }),
        both: service([], { volumes: ["./cache.env:/srv/cache.env:ro"] }),
        cache: service(["MODE=1"], { env_file: ["cache.env"] }),
        store: { image: FILE_ENV, network_mode: "none", env_file: ["store.env"] },
      },
    },
    `DB_PASSWORD=${shared}\nOWN_TOKEN=${own}\n`,
  );
  writeFileSync(join(dir, "cache.env"), `CACHE_PASSWORD=${cached}\n`);
  writeFileSync(join(dir, "store.env"), `API_TOKEN=${stored}\n`);
  compose(dir, "up", "-d");
  const { moves, left, plan } = await planOf(dir);
  expect([moves.toSorted(), left]).toEqual([["API_TOKEN", "CACHE_PASSWORD", "OWN_TOKEN", "ROOT_PASSWORD"], {}]);
  const notes = plan.warnings.map(({ text }) => text);
  expect(notes).toContain(`DB_PASSWORD stays in ${join(dir, ".env")}, which app mounts and may read itself`);
  expect(notes).toContain(
    `CACHE_PASSWORD stays in ${join(dir, "cache.env")}, which app, both mount and may read themselves`,
  );
  const moved = await world.unsprawl(["migrate", `compose:${dir}`, "--to", "local", "--yes", "--grace", "500ms"]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  const shown = engine.docker("inspect", "mounted-db-1", "mounted-app-1", "mounted-cache-1", "mounted-store-1");
  for (const value of [shared, own, cached, stored]) expect(shown).not.toContain(value);
  // The line would set the variable again: it is empty over that, and the application has its value.
  expect(readFileSync(join(dir, "cache.env"), "utf8")).toBe(`CACHE_PASSWORD=${cached}\n`);
  expect(readFileSync(join(dir, "compose.yaml"), "utf8")).toContain("- MODE=1\n      - CACHE_PASSWORD=\n");
  expect(moved.stderr).toContain("1 of 1 received");
  expect(shown).toContain('"API_TOKEN=",');
  expect(shown).toContain('"API_TOKEN_FILE=/run/secrets/API_TOKEN"');
  expect(engine.docker("exec", "mounted-app-1", "cat", "/srv/.env")).toBe(`DB_PASSWORD=${shared}`);
  const again = await planOf(dir);
  expect(again.moves).toEqual([]);
  expect(again.left["DB_PASSWORD"]).toMatch(/^is set in \.env, which app mounts and may read itself; next: give app/);
  compose(dir, "down", "-t", "0");
});

it("a line of .env stays where a build and a file of Compose's own making are filled from it, and its service has it elsewhere", async () => {
  const [token, own] = [password(), password()];
  const made = { env_file: [".env"], configs: ["rc"], build: { context: ".", args: { KEY: "${NPM_TOKEN}" } } };
  const dir = put(
    "built",
    {
      services: { job: service({}, made), web: service({ API_TOKEN: "${NPM_TOKEN}" }) },
      configs: { rc: { content: "key=${NPM_TOKEN}" } },
    },
    `NPM_TOKEN=${token}\nAPI_URL=https://u:\${NPM_TOKEN}@api.test\nOWN_PASSWORD=${own}\n`,
  );
  const before = filesOf(dir);
  compose(dir, "up", "-d", "--no-build");
  const { moves, left, plan } = await planOf(dir);
  expect(moves.toSorted()).toEqual(["API_TOKEN", "API_URL", "NPM_TOKEN", "OWN_PASSWORD"]);
  expect(left).toEqual({
    KEY: expect.stringMatching(/^is in the build argument/),
    content: expect.stringMatching(/^is in configs\.rc\.content/),
  });
  expect(plan.warnings.map(({ text }) => text.replaceAll(`${dir}/`, ""))).toContainEqual(
    expect.stringMatching(
      /^NPM_TOKEN stays in \.env, from which services\.job\.build\.args\.KEY \(compose\.yaml:\d+\), configs\.rc\.content \(compose\.yaml:\d+\) is filled$/,
    ),
  );
  const moved = await world.unsprawl(["migrate", `compose:${dir}`, "--to", "local", "--yes", "--grace", "500ms"]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(3);
  for (const value of [token, own]) expect(engine.docker("inspect", "built-job-1", "built-web-1")).not.toContain(value);
  expect(readFileSync(join(dir, ".env"), "utf8")).toBe(`NPM_TOKEN=${token}\n`);
  expect(engine.docker("exec", "built-job-1", "cat", "/rc")).toBe(`key=${token}`);
  compose(dir, "up", "-d", "--no-build");
  expect((await planOf(dir)).moves).toEqual([]);
  const back = await world.unsprawl(["rollback", /unsprawl rollback (\S+)/.exec(moved.stdout)?.[1] ?? ""]);
  expect(back.code, back.stdout + back.stderr).toBe(0);
  expect(filesOf(dir)).toEqual(before);
  compose(dir, "down", "-t", "0");
});

it("a line of .env stays where another Compose file is filled from it; who else reads an env file is mentioned", async () => {
  const env_file = ["./own.env", "../outside.env"];
  const filled = { DB_PASSWORD: "${DB_PASSWORD}", MQ_PASSWORD: "${MQ_PASSWORD}" };
  const lines = `DB_PASSWORD=${password()}\nMQ_PASSWORD=${password()}\nOLD_LINE=$DB_PASSWORD\n`;
  const dir = put("beside", { services: { a: service(filled, { env_file }) } }, lines);
  const outside = join(dirname(dir), "outside.env");
  writeFileSync(outside, `OUTER_TOKEN=${password()}\n`);
  writeFileSync(join(dir, "own.env"), `API_TOKEN=${password()}\nOWN=1\n`);
  const other = join(dir, "prod.yml");
  writeFileSync(
    other,
    "services:\n  x: { image: x, env_file: [./own.env], environment: ['P=$DB_PASSWORD$MQ_PASSWORD'] }\n",
  );
  compose(dir, "create");
  const { moves, left, plan } = await planOf(dir);
  expect([moves.toSorted(), left]).toEqual([["API_TOKEN", "DB_PASSWORD", "MQ_PASSWORD", "OUTER_TOKEN"], {}]);
  const notes = plan.warnings.map(({ text }) => text.replaceAll(`${dir}/`, ""));
  expect(notes).toContain(
    `OUTER_TOKEN leaves ${outside}, outside the project's folder: another project that reads it loses that`,
  );
  expect(notes).toContain(
    "DB_PASSWORD, MQ_PASSWORD stay in .env, which fills in prod.yml too: unsprawl plan compose:prod.yml --to STORE moves it there",
  );
  expect(notes.join("\n")).not.toContain("no longer set anywhere");
  expect(notes).toContain("API_TOKEN of own.env: the services of prod.yml read it too, and lose that");
  expect(JSON.stringify(plan.steps)).not.toContain('".env:1"');
  compose(dir, "rm", "-f");
});

it("a base that is merged moves with its services, one that all override blocks nothing, nor does what is overridden", async () => {
  const [token, shared, hidden] = [password(), password(), password()];
  const base = { command: APP.map((word) => word.replaceAll("$", "$$$$")), image: BUSYBOX, network_mode: "none" };
  const dir = join(world.dir, "bases");
  mkdirSync(dir);
  // The second line is read by no service.
  writeFileSync(join(dir, ".env"), `TOK=${token}\nOLD_LINE=\${TOK}\n`);
  writeFileSync(
    join(dir, "compose.yaml"),
    `x-runner: &runner
  ${stringify(base).trim().replaceAll("\n", "\n  ")}
  environment:
    - TOKEN_SECRET=\${TOK}
x-shared: &shared
  DB_PASSWORD: ${shared}
services:
  a:
    <<: *runner
    environment:
      - TOKEN_SECRET=\${TOK}
  b:
    <<: *runner
    environment:
      <<: *shared
      LEVEL: one
  c:
    <<: *runner
    env_file: c.env
    environment:
      - C_PASSWORD=${hidden}
`,
  );
  writeFileSync(join(dir, "c.env"), "C_PASSWORD=older-one\nLEVEL=two\n");
  compose(dir, "up", "-d");
  const ran = await world.unsprawl(["migrate", `compose:${dir}`, "--to", "local", "--grace", "100ms", "--yes"]);
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  expect(ran.stdout).toContain("x-runner.environment[0]");
  expect(ran.stdout).toMatch(/OLD_LINE \(\S+\.env:2\) names TOK, which is no longer set anywhere/);
  expect(ran.stdout).not.toContain("Not moved");
  expect(ran.stdout).toContain("names TOK, which is no longer set anywhere; no service reads it from there");
  const all = new RegExp([token, shared, hidden].join("|"));
  expect(readFileSync(join(dir, ".env"), "utf8") + readFileSync(join(dir, "compose.yaml"), "utf8")).not.toMatch(all);
  const containers = ["bases-a-1", "bases-b-1", "bases-c-1"];
  expect(engine.docker("inspect", ...containers)).not.toMatch(all);
  // What an env file says too does not come back: the variable stays there, empty, and the application has its value.
  expect(engine.docker("inspect", "-f", "{{json .Config.Env}}", "bases-c-1")).toContain(`"C_PASSWORD="`);
  expect(readFileSync(join(dir, "c.env"), "utf8")).toBe("C_PASSWORD=older-one\nLEVEL=two\n");
  expect(ran.stderr).toContain("1 of 1 received");
  engine.docker("rm", "-f", ...containers);
});

it("a volume that cannot be mounted, a script as entrypoint and an env file in Latin-1 concern one service each", async () => {
  const device = join(world.dir, "device");
  mkdirSync(device);
  const script = `trap 'exit 0' TERM; : ${"x".repeat(300)}; while :; do sleep 1000 & wait $$!; done`;
  const dir = put(
    "awkward",
    {
      services: {
        away: service({ A_PASSWORD: password() }, { volumes: ["gone:/data"] }),
        script: service({ B_PASSWORD: password() }, { entrypoint: ["/bin/sh", "-c", script], command: [] }),
        latin: service({ C_PASSWORD: "${LATIN}" }),
        template: service({ D_PASSWORD: password() }, { image: "%%IMAGE%%", profiles: ["docs"] }),
        fine: service({ E_PASSWORD: password() }),
      },
      volumes: { gone: { driver_opts: { type: "none", o: "bind", device } } },
    },
    Buffer.from(`# caf\u00e9\nLATIN=${password()}\n`, "latin1"),
  );
  compose(dir, "up", "-d");
  engine.docker("stop", "-t", "1", "awkward-away-1");
  rmSync(device, { recursive: true });
  const { moves, left } = await planOf(dir);
  expect(moves.toSorted()).toEqual(["B_PASSWORD", "E_PASSWORD"]);
  expect(left).toEqual({
    "away A_PASSWORD": expect.stringMatching(
      /the engine says: error while mounting volume .*no such file or directory/,
    ),
    "latin C_PASSWORD": expect.stringMatching(/^\.env is not valid UTF-8, .*; next: iconv -f latin1/),
    "template D_PASSWORD": expect.stringMatching(/%%IMAGE%%/),
  });
  expect(JSON.stringify(left)).not.toContain("HTTP code");
});

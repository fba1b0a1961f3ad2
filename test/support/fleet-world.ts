import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pMap from "p-map";
import { openDatabase, type Database } from "../../src/history/database.ts";
import { postgresHistory } from "../../src/history/postgres.ts";
import { startPostgres, type TestPostgres } from "../services/postgres.ts";
import { startRegistry, type TestRegistry } from "../services/registry.ts";
import { startEngineDouble, type EngineDouble } from "./engine-double.ts";
import { startGate, type Answer, type Gate } from "./gate.ts";
import { clientOf, pushImage } from "./pushed.ts";
import { MAIN, makeWorld, type Ran, type World } from "./world.ts";

/** A process of the fleet, and all that it has said. */
export type Member = { readonly child: ChildProcess; readonly said: () => string; readonly ended: Promise<void> };

/** What a fleet has come to know: what is there, and each change with how often it was noticed. */
export type Known = { readonly present: readonly string[]; readonly changes: { readonly [change: string]: number } };

export type FleetWorld = {
  readonly postgres: TestPostgres;
  readonly registry: TestRegistry;
  /** In front of the registry: what the fleet asks. */
  readonly gate: Gate;
  readonly hosts: { readonly [name: string]: EngineDouble };
  readonly world: World;
  /** Every value that was put anywhere. */
  readonly values: string[];
  /** Sees each question that the fleet asks of the registry. */
  answer: Answer;
  /** An image with a password of its own, under this tag. */
  push(repository: string, tags: readonly string[]): Promise<void>;
  /** A new database, and the environment that leads to it. */
  database(): Promise<FleetDatabase>;
  start(args: readonly string[], env: Env): Member;
  run(args: readonly string[], env: Env): Promise<Ran>;
  stop(): Promise<void>;
};

type Env = { readonly [name: string]: string };
export type FleetDatabase = {
  readonly name: string;
  readonly env: Env;
  known(): Promise<Known>;
  open(): Promise<Database>;
};

/** A real PostgreSQL, a real registry behind a gate, doubles of hosts, and a configuration of a fleet over them. */
export async function makeFleet(options: {
  readonly hosts: number;
  readonly repositories: number;
  readonly images: number;
  readonly config?: string;
}): Promise<FleetWorld> {
  const password = randomBytes(12).toString("hex");
  const [postgres, registry] = await Promise.all([
    startPostgres("host all fleet 127.0.0.1/32 scram-sha-256"),
    startRegistry(),
  ]);
  await postgres.sql(`create role fleet login password '${password}'`);
  const values: string[] = [];
  const secret = (): string => {
    // Digits first: whatever comes then, no value begins like a word that is in place of one.
    const value = `93${randomBytes(16).toString("hex")}`;
    values.push(value);
    return value;
  };
  const shared = secret();
  const names = Array.from({ length: options.hosts }, (_, at) => `web${at}`);
  const doubles = await Promise.all(
    names.map(() =>
      startEngineDouble({ api: { DB_PASSWORD: shared, LOG_LEVEL: "info" }, job: { API_TOKEN: secret() } }),
    ),
  );
  const hosts = Object.fromEntries(names.map((name, at) => [name, doubles[at] as EngineDouble]));
  const client = clientOf(registry);
  const push = async (repository: string, tags: readonly string[]): Promise<void> => {
    const config = { Env: ["PATH=/bin", `DB_PASSWORD=${secret()}`, "LOG_LEVEL=info"] };
    await pushImage(client, repository, tags, { config });
  };
  await pMap(
    Array.from({ length: options.images }, (_, at) => at),
    (at) => push(`team/app-${at % options.repositories}`, [`v${at}`]),
    { concurrency: 8 },
  );
  const state = { answer: (() => false) as Answer };
  const gate = await startGate(registry.host, (...asked) => state.answer(...asked));
  const world = makeWorld("unix:///nowhere/docker.sock");
  const keyFile = join(world.dir, "fleet.key");
  writeFileSync(keyFile, randomBytes(32), { mode: 0o600 });
  writeFileSync(
    join(world.dir, "unsprawl.yaml"),
    [
      `hosts: { ${Object.entries(hosts)
        .map(([name, { host }]) => `${name}: { address: "${host}" }`)
        .join(", ")} }`,
      `fleet:`,
      `  sources: ["docker:", "registry:${gate.host}/team/*"]`,
      options.config ?? "",
    ].join("\n"),
  );
  const opened: Database[] = [];
  const members: Member[] = [];
  let made = 0;
  return {
    ...{ postgres, registry, gate, hosts, world, values, push },
    get answer() {
      return state.answer;
    },
    set answer(to) {
      state.answer = to;
    },
    async database() {
      const name = `fleet_${made++}`;
      await postgres.sql(`create database ${name} owner fleet`);
      const url = `postgres://fleet:${password}@127.0.0.1:${postgres.port}/${name}`;
      values.push(password);
      const open = async (): Promise<Database> => {
        const one = await openDatabase(url, { patience: 20_000 });
        opened.push(one);
        return one;
      };
      const env = { UNSPRAWL_DATABASE_URL: url, UNSPRAWL_FINGERPRINT_KEY_FILE: keyFile };
      return { name, env, open, known: async () => knownIn(await open()) };
    },
    start(args, env) {
      const child = spawn(process.execPath, [MAIN, "fleet", ...args], {
        cwd: world.dir,
        env: { ...world.env, ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let said = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
      const ended = new Promise<void>((done) => child.once("close", () => done()));
      const member = { child, said: () => said, ended };
      members.push(member);
      return member;
    },
    run: (args, env) => world.unsprawl(["fleet", ...args], { env }),
    async stop() {
      for (const { child } of members) child.kill("SIGKILL");
      await Promise.all(members.map(({ ended }) => ended));
      for (const one of opened) await one.close().catch(() => undefined);
      for (const one of doubles) await one.stop();
      await gate.stop();
      await registry.stop();
      await postgres.stop();
      world.remove();
    },
  };
}

async function knownIn(database: Database): Promise<Known> {
  const history = await postgresHistory(database);
  const present: string[] = [];
  for (const { host } of await history.hosts())
    for (const { finding, goneAt } of (await history.past(host)).findings.values())
      if (goneAt === null) present.push(`${host} ${finding.location.subjectName} ${finding.id} ${finding.fingerprint}`);
  const changes: { [change: string]: number } = {};
  for (const { kind, host, finding } of await history.changes(100_000)) {
    const change = `${kind} ${host} ${finding.id}`;
    changes[change] = (changes[change] ?? 0) + 1;
  }
  return { present: present.sort(), changes };
}

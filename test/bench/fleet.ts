// `npm run build && node test/bench/fleet.ts [IMAGES]`: prints figures; the last line says whether a fleet that was
// killed in all its parts knows the same as one that was left alone. A registry with 5,000 images, and 50 doubles of
// hosts. Scaling is measured on a fifth of them, one job a worker, with a registry that is a tenth of a second away: on one
// machine the registry itself takes most of the processor, and all the workers' waiting is what they can share.
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { isDeepStrictEqual } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { makeFleet, type FleetDatabase, type Member } from "../support/fleet-world.ts";

const IMAGES = Number(process.argv[2] ?? 5000);
const [HOSTS, REPOSITORIES, JOBS, AWAY_MS] = [50, 100, 4, 100];

const print = (...cells: readonly string[]): void =>
  void process.stdout.write(
    `${cells
      .map((cell) => cell.padEnd(44))
      .join(" ")
      .trimEnd()}\n`,
  );

const began = performance.now();
const fleet = await makeFleet({
  ...{ hosts: HOSTS, repositories: REPOSITORIES, images: IMAGES },
  config: "  perRegistry: 16",
});
print(`(${IMAGES} images in ${REPOSITORIES} repositories pushed in`, `${seconds(performance.now() - began)})`);
let manifests = 0;
let away = AWAY_MS;
fleet.answer = ({ method, path, headers }, response) => {
  if (method === "GET" && path.includes("/manifests/")) manifests++;
  const [hostname = "", port = ""] = fleet.registry.host.split(":");
  setTimeout(() => {
    const passed = request({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    passed.end();
  }, away);
  return true;
};

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

async function until(come: () => boolean): Promise<void> {
  while (!come()) await sleep(20);
}

async function end(members: readonly Member[]): Promise<void> {
  for (const { child } of members) child.kill("SIGTERM");
  await Promise.all(members.map(({ ended }) => ended));
}

/** A whole scan of the fleet by so many workers. */
async function scan(count: number, jobs: number, database: FleetDatabase, ...config: string[]): Promise<number> {
  const args = ["worker", "--jobs", String(jobs), ...config];
  const workers = Array.from({ length: count }, () => fleet.start(args, database.env));
  await until(() => workers.every(({ said }) => said().includes("takes")));
  const started = performance.now();
  const { code, stderr } = await fleet.run(["serve", "--once", ...config], database.env);
  const took = performance.now() - started;
  if (code !== 0) throw new Error(stderr);
  await end(workers);
  return took;
}

try {
  const times: number[] = [];
  const text = readFileSync(join(fleet.world.dir, "unsprawl.yaml"), "utf8");
  writeFileSync(join(fleet.world.dir, "part.yaml"), text.replace("/team/*", "/team/app-{?,1?}"));
  for (const count of [1, 2, 4]) {
    times.push(await scan(count, 1, await fleet.database(), "--config", "part.yaml"));
    const took = times.at(-1) ?? 0;
    const ratio = ((times[0] ?? 0) / took).toFixed(2);
    print(
      `${IMAGES / 5} images, ${count} ${count === 1 ? "worker" : "workers"}`,
      seconds(took),
      `${ratio} times as fast as one`,
    );
  }
  away = 2;
  const undisturbed = await fleet.database();
  const first = await scan(2, JOBS, undisturbed);
  print(`${IMAGES} images, 2 workers of ${JOBS} jobs`, seconds(first));
  const calm = await undisturbed.known();
  const again = await scan(2, JOBS, undisturbed);
  print("again, with nothing new", seconds(again), `${(first / again).toFixed(2)} times as fast`);
  const wild = await fleet.database();
  manifests = 0;
  const at = (share: number): Promise<void> => until(() => manifests >= IMAGES * share);
  const worker = (): Member => fleet.start(["worker", "--jobs", String(JOBS)], wild.env);
  const members = [worker(), worker(), worker()];
  const server = fleet.start(["serve"], wild.env);
  const started = performance.now();
  await at(0.2);
  members[0]?.child.kill("SIGKILL");
  await at(0.4);
  server.child.kill("SIGKILL");
  const done = fleet.run(["serve", "--once"], wild.env);
  await at(0.6);
  await fleet.postgres.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${wild.name}' and pid <> pg_backend_pid()`,
  );
  await at(0.8);
  members[1]?.child.kill("SIGKILL");
  members.push(worker());
  const { code } = await done;
  print("two workers, the server, all connections killed", seconds(performance.now() - started), `exit ${code}`);
  const known = await wild.known();
  await end(members.slice(2));
  const twice = Object.values(known.changes).filter((count) => count !== 1).length;
  print(
    "findings, changes, changes told twice",
    `${known.present.length}, ${Object.keys(known.changes).length}, ${twice}`,
  );
  print("the same as undisturbed", isDeepStrictEqual(known, calm) ? "yes" : "NO");
} finally {
  await fleet.stop();
}

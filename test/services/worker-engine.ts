import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";
import { atFileEnd } from "../support/file-end.ts";
import { need } from "./apt.ts";
import { dockerClient, endEngine, startEngine, type TestEngine } from "./engine.ts";
import { callEngine } from "./engine-api.ts";
import { BUSYBOX, FILE_ENV, makeImages, SHELL_LESS } from "./images.ts";

/** An engine that other files use too, one after the other: it can be neither killed nor stopped. */
export type WorkerEngine = Pick<TestEngine, "dir" | "socket" | "host" | "configFile" | "pid" | "docker"> & {
  /** Removes what this file made. Called before the worlds are removed: the runtime that a world installed ends its containers. */
  readonly clean: () => Promise<void>;
};

const IMAGES = [BUSYBOX, FILE_ENV, SHELL_LESS];

type Note = { readonly pid: number; readonly dir: string; readonly bridge: string };

/**
 * The engine of this vitest worker. A worker runs one file at a time, so the file has the engine to itself: it finds the
 * three test images and nothing else, whatever the file before it left behind, and may name its containers as it likes.
 * Files that kill the engine, or start it differently, take `startEngine`.
 */
export function workerEngine(): Promise<WorkerEngine> {
  if (taken === null) atFileEnd(() => (taken = null));
  return (taken ??= take());
}

let taken: Promise<WorkerEngine> | null = null;

async function take(): Promise<WorkerEngine> {
  const { notes, owner } = inject("engines");
  const file = join(notes, process.env["VITEST_POOL_ID"] ?? "1");
  const program = await need("docker", ["docker-cli"]);
  if (!existsSync(file)) {
    const { dir, bridge, pid, docker } = await startEngine({ owner });
    await makeImages({ docker });
    const note: Note = { pid: pid(), dir, bridge };
    writeFileSync(file, JSON.stringify(note));
  }
  const { pid, dir } = JSON.parse(readFileSync(file, "utf8")) as Note;
  const docker = dockerClient(program, dir);
  const [configFile, socket, used] = [join(dir, "daemon.json"), join(dir, "docker.sock"), join(notes, `used-${pid}`)];
  const clean = async (): Promise<void> => {
    await empty(socket, configFile, pid);
    rmSync(used, { force: true });
  };
  if (existsSync(used)) await clean();
  writeFileSync(used, "");
  return { dir, socket, host: `unix://${socket}`, configFile, pid: () => pid, docker, clean };
}

/** Ends the engines that workers have started. */
export async function endWorkerEngines(notes: string): Promise<void> {
  const files = readdirSync(notes).filter((name) => !name.startsWith("used-"));
  const all = files.map((name) => JSON.parse(readFileSync(join(notes, name), "utf8")) as Note);
  await Promise.all(all.map((note) => endEngine(note)));
}

/** Leaves the engine with the three test images and nothing else, and without runtimes that a test registered. */
async function empty(socket: string, configFile: string, pid: number): Promise<void> {
  const get = <Answer>(path: string): Promise<Answer> => callEngine(socket, "GET", path);
  const remove = (kind: string, names: readonly string[], how: string): Promise<unknown> =>
    Promise.all(names.map((name) => callEngine(socket, "DELETE", `/${kind}/${encodeURIComponent(name)}?${how}`)));
  const ids = (listed: readonly { readonly Id: string }[]): string[] => listed.map(({ Id }) => Id);
  await remove("containers", ids(await get("/containers/json?all=1")), "force=1&v=1");
  await remove("networks", ids(await get(`/networks?filters=${encodeURIComponent('{"type":["custom"]}')}`)), "");
  const { Volumes } = await get<{ readonly Volumes: readonly { readonly Name: string }[] | null }>("/volumes");
  await remove(
    "volumes",
    (Volumes ?? []).map(({ Name }) => Name),
    "force=1",
  );
  let strange = await strangeImages(socket);
  for (let tries = 0; tries < 3 && strange.length > 0; tries++) {
    // One may go with another.
    for (const name of strange) await remove("images", [name], "force=1").catch(() => undefined);
    strange = await strangeImages(socket);
  }
  if (strange.length > 0) throw new Error(`images stayed: ${strange.join(" ")}`);
  const registered = async (): Promise<boolean> =>
    "unsprawl" in (await get<{ readonly Runtimes: object }>("/info")).Runtimes;
  if (readFileSync(configFile, "utf8") === "{}\n" && !(await registered())) return;
  // Runtimes that a configuration does not mention stay as they were.
  writeFileSync(configFile, `${JSON.stringify({ runtimes: {} })}\n`);
  process.kill(pid, "SIGHUP");
  // The engine reads its configuration some time after the signal.
  for (let tries = 0; await registered(); tries++) {
    if (tries > 600) throw new Error("the engine still has the runtime that a test registered");
    await sleep(50);
  }
  writeFileSync(configFile, "{}\n");
}

type Image = { readonly Id: string; readonly RepoTags: readonly string[] | null };

/** Every image that is not one of the three, by its tags where it shares the content of one of them. */
async function strangeImages(socket: string): Promise<string[]> {
  const all = await callEngine<readonly Image[]>(socket, "GET", "/images/json?all=1");
  const ours = all.filter(({ RepoTags }) => RepoTags?.some((tag) => IMAGES.includes(tag)));
  if (
    new Set(ours.flatMap(({ RepoTags }) => RepoTags).filter((tag) => IMAGES.includes(tag ?? ""))).size < IMAGES.length
  )
    throw new Error("a test has removed an image that the next files need");
  return all.flatMap((image) =>
    ours.includes(image) ? (image.RepoTags ?? []).filter((tag) => !IMAGES.includes(tag)) : [image.Id],
  );
}

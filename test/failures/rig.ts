import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { proxyEngine, type EngineProxy, type Verdict } from "../support/engine-proxy.ts";
import { smallDisk, type SmallDisk } from "../support/small-disk.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

// Whatever fails: a clear error with the next step, the right exit code, the old container running as before, and
// nothing left over in the engine, the store, the memory folder or the locks.

export let engine: WorkerEngine;
export let bao: OpenBao;
const disks: SmallDisk[] = [];
const worlds: World[] = [];
const proxies: EngineProxy[] = [];

/** Gives the tests of a file an engine and a store; one behind a certificate can be sealed. */
export function useRig(store: { readonly tls?: boolean } = {}): void {
  beforeAll(async () => {
    [engine, bao] = await Promise.all([workerEngine(), startOpenBao(store)]);
  });
  afterAll(async () => {
    for (const proxy of proxies.splice(0)) await proxy.stop();
    await engine?.clean();
    await bao?.stop();
    for (const one of disks.splice(0)) one.unmount();
    for (const world of worlds.splice(0)) world.remove();
  });
}

export function newWorld(): World {
  const ca = bao.caFile === null ? {} : { VAULT_CACERT: bao.caFile };
  const world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token, ...ca });
  worlds.push(world);
  return world;
}

export function disk(dir: string, kib: number): SmallDisk {
  const made = smallDisk(dir, kib);
  disks.push(made);
  return made;
}

/** Puts a proxy between a world and the engine. */
export async function proxied(
  world: World,
  decide: (method: string, path: string) => Verdict | Promise<Verdict>,
  after?: (method: string, path: string) => void | Promise<void>,
): Promise<void> {
  const proxy = await proxyEngine(engine.socket, join(world.dir, "engine.sock"), decide, after);
  proxies.push(proxy);
  world.env["DOCKER_HOST"] = proxy.host;
}

/** All fields of a subject's secret in Vault; null when there is none, not even deleted versions. */
export async function stored(name: string): Promise<{ readonly [field: string]: string } | null> {
  try {
    await bao.api("GET", `secret/metadata/apps/${name}`);
  } catch {
    return null;
  }
  const { data } = (await bao.api("GET", `secret/data/apps/${name}`)) as {
    data: { data: { [field: string]: string } };
  };
  return data.data;
}

/** An error that a person can act on. */
export function expectTold(ran: Ran, code: number, says: RegExp): void {
  expect.soft(ran.code, ran.stderr).toBe(code);
  expect.soft(ran.stderr).toMatch(/^error: .|"message":"./m);
  expect.soft(ran.stderr).toMatch(/^ *next: .|"hint":"./m);
  expect.soft(ran.stderr).toMatch(says);
  expect.soft(ran.stderr).not.toMatch(/unexpected error|please report|\n {4}at /);
}

export const runIdOf = (ran: Ran): string => /\d{8}-\d{6}-[0-9a-f]{4}/.exec(ran.stdout)?.[0] ?? "no run id was said";

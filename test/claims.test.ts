import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeServerImage } from "./services/images.ts";
import { startOpenBao } from "./services/openbao.ts";
import { workerEngine, type WorkerEngine } from "./services/worker-engine.ts";
import { random } from "./support/canary.ts";
import { makeWorld, type Ran, type World } from "./support/world.ts";

/*
 * Each sentence of a proof, in a case in which it would be a lie: the run does not say it, and puts back what it changed.
 * What an application received, and what it wrote itself, have tests of their own (docker-container/received.test.ts), as
 * residue has (residue/).
 */

let engine: WorkerEngine;
let bao: Awaited<ReturnType<typeof startOpenBao>>;
let world: World;

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
});

afterAll(async () => {
  await engine?.clean();
  await bao?.stop();
  world?.remove();
});

type Claim = {
  readonly claim: RegExp;
  /** What the image's entrypoint does before it becomes the program. */
  readonly entrypoint?: string;
  readonly options?: readonly string[];
  /** What somebody else does while the run checks the new container. */
  readonly meanwhile?: (name: string) => Promise<void>;
  readonly said: RegExp;
};

/** With the value of the old container it stays up; the new one is started by the shim, which has a folder of its own. */
const IF_NEW = "if [ -e /run/unsprawl/entrypoint ]; then";

const CLAIMS: { readonly [what: string]: Claim } = {
  store: {
    claim: /the store gave back the same bytes/,
    meanwhile: async (name) => {
      await bao.api("POST", `secret/data/apps/${name}`, { data: { DB_PASSWORD: random(20) } });
    },
    said: /does not hold the bytes that were written/,
  },
  inspect: {
    claim: /a fresh inspect shows no value/,
    options: [
      "--health-cmd",
      `${IF_NEW} tr '\\0' '\\n' </proc/1/environ | grep DB_PASSWORD; fi`,
      "--health-interval",
      "300ms",
    ],
    said: /docker inspect still shows the value of DB_PASSWORD at State\.Health\.Log/,
  },
  "health, by a check": {
    claim: /healthy/,
    entrypoint: `${IF_NEW} touch /tmp/sick; fi`,
    options: ["--health-cmd", "test ! -e /tmp/sick", "--health-interval", "200ms", "--health-retries", "2"],
    said: /is unhealthy after/,
  },
  "health, without a check": {
    claim: /up for/,
    entrypoint: `${IF_NEW} sleep 1; exit 3; fi`,
    said: /did not stay up \(exit 3\)/,
  },
  restart: {
    claim: /up for/,
    entrypoint: `${IF_NEW} sleep 1; exit 3; fi`,
    options: ["--restart", "always"],
    said: /did not stay up/,
  },
};

it.each(Object.entries(CLAIMS))("%s: what is not so is not said", async (what, one) => {
  const name = `claim-${what.replaceAll(/\W+/g, "-")}`;
  const tag = await makeServerImage(engine, `${name}:1`, `${one.entrypoint ?? ""}\nexec "$@"`);
  const value = random(20);
  world.plant({ DB_PASSWORD: value });
  const env = ["-e", `DB_PASSWORD=${value}`];
  engine.docker("run", "-d", "--name", name, "--network", "none", ...env, ...(one.options ?? []), tag);
  const id = engine.docker("inspect", "-f", "{{.Id}}", name);
  const args = ["migrate", `docker:${name}`, "--to", "vault", "--deliver", "shim", "--grace", "3s", "--yes"];
  const running: Promise<Ran> = world.unsprawl(args);
  const meanwhile =
    one.meanwhile === undefined ? Promise.resolve() : onceReplaced(name, id).then(() => one.meanwhile?.(name));
  const [ran] = await Promise.all([running, meanwhile]);
  expect(ran.code, ran.stdout + ran.stderr).toBe(1);
  expect(ran.stderr).toMatch(one.said);
  const [closing = ""] = /Verified:.*/.exec(ran.stdout) ?? [];
  expect(`${closing}${/proven:.*/.exec(ran.stderr)?.[0] ?? ""}`).not.toMatch(one.claim);
  expect(engine.docker("inspect", "-f", "{{.Id}} {{.State.Running}}", name)).toBe(`${id} true`);
});

/** Waits until another container has the name. */
async function onceReplaced(name: string, id: string): Promise<void> {
  const now = (): string => {
    try {
      return engine.docker("inspect", "-f", "{{.Id}}", name);
    } catch {
      return id;
    }
  };
  while (now() === id) await sleep(100);
}

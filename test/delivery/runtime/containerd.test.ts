/**
 * The OCI runtime for the pods of containerd's CRI: the installed program, its printed handler, and pods as kubelet asks
 * for them. A reference is resolved for the container of a namespace that it is bound to, and for nobody else.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startContainerd, type Containerd, type PodOptions } from "../../services/containerd.ts";
import { BUSYBOX } from "../../services/images.ts";
import { startOpenBao } from "../../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { filesBelow, random } from "../../support/canary.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";

const PASSWORD = random(24);
const REFERENCE = "ref+vault://secret/apps/shop#/DB_PASSWORD";
const ENV = { DB_PASSWORD: REFERENCE };

let bao: Awaited<ReturnType<typeof startOpenBao>>;
let containerd: Containerd;
let engine: WorkerEngine;
let world: World;

beforeAll(async () => {
  [bao, containerd, engine] = await Promise.all([startOpenBao({ tls: true }), startContainerd(), workerEngine()]);
  const ca = bao.caFile === null ? {} : { VAULT_CACERT: bao.caFile };
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token, ...ca });
  world.plant({ PASSWORD });
  await bao.api("POST", "secret/data/apps/shop", { data: { DB_PASSWORD: PASSWORD } });
});

afterAll(async () => {
  await containerd?.stop();
  await engine?.clean();
  await bao?.stop();
  world?.remove();
});

async function ran(code: number, ...args: string[]): Promise<Ran> {
  const done = await world.unsprawl(args);
  expect(done.code, done.stdout + done.stderr).toBe(code);
  return done;
}

const ofPods = (action: string, ...more: string[]): string[] => ["runtime", action, "containerd", ...more];

/** What containerd says of a pod that does not start; the value is not in it. */
async function refused(options: PodOptions): Promise<string> {
  const pod = await containerd.pod({ handler: "unsprawl", ...options }).catch((error: Error) => error);
  const said = pod instanceof Error ? pod.message : `started: ${await pod.exec("env")}`;
  expect(said).not.toContain(PASSWORD);
  expect(said).not.toMatch(/^started/);
  return said;
}

describe("a node's pods", () => {
  it("are told of by status before the runtime is installed, and `allow` says what to type", async () => {
    expect((await ran(1, ...ofPods("status"))).stdout).toContain("not installed");
    const allow = await world.unsprawl(["runtime", "allow", "pod:shop/app", "DB_PASSWORD", REFERENCE]);
    expect(allow.code).not.toBe(0);
    expect(allow.stderr).toContain("unsprawl runtime install containerd --to STORE");
  });

  it("get the handler that install prints, and keep the default one", async () => {
    const config = ["--containerd-config", containerd.configFile];
    const before = readFileSync(containerd.configFile, "utf8");
    const shown = await ran(0, ...ofPods("install", ...config, "--print"));
    expect(shown.stdout).toContain("kind: RuntimeClass");
    expect(filesBelow(join(world.dir, "containerd"))).toEqual([]);
    const { stdout } = await ran(0, ...ofPods("install", ...config, "--to", "vault", "--json"));
    expect(readFileSync(containerd.configFile, "utf8")).toBe(before);
    const { append } = JSON.parse(stdout) as { append: string };
    // Whatever a node hands on of annotations, CRI's own count.
    const all = 'pod_annotations = ["*"]\ncontainer_annotations = ["*"]\n';
    const wide = `${before}\n${append}`.replace(/(runtimes\.unsprawl\]\n)/, `$1${all}`);
    expect(wide).toContain(all);
    await containerd.restart(wide);
    const status = await ran(0, ...ofPods("status"));
    expect(status.stdout).toContain("has the handler unsprawl");
    const pod = await containerd.pod({ env: ENV });
    expect(await pod.exec("sh", "-c", 'printf %s "$DB_PASSWORD"')).toBe(REFERENCE);
    await pod.remove();
  });

  it("get nothing that is not bound, and are told what to type", async () => {
    const said = await refused({ env: ENV });
    expect(said).toContain("which pod:shop/app may not use");
    expect(said).toContain(`unsprawl runtime allow pod:shop/app DB_PASSWORD '${REFERENCE}'`);
  });

  it("get the value in the process and in exec, and containerd shows the reference", async () => {
    await ran(0, "runtime", "allow", "pod:shop/app", "DB_PASSWORD", REFERENCE);
    expect((await ran(0, ...ofPods("status"))).stdout).toContain("allowed: pod:shop/app DB_PASSWORD");
    const pod = await containerd.pod({ handler: "unsprawl", env: ENV });
    const process1 = await pod.exec("sh", "-c", "cat /proc/1/environ /proc/[0-9]*/environ");
    expect(process1).toContain(`DB_PASSWORD=${PASSWORD}`);
    expect(await pod.exec("sh", "-c", 'printf %s "$DB_PASSWORD"')).toBe(PASSWORD);
    const told = await pod.info();
    expect(told).toContain(REFERENCE);
    expect(told).not.toContain(PASSWORD);
    for (const folder of [containerd.dir, join(world.dir, "containerd")])
      for (const file of filesBelow(folder)) expect(readFileSync(file).includes(PASSWORD), file).toBe(false);
    const used = await ran(1, ...ofPods("uninstall"));
    expect(used.stderr).toContain("the runtime is used by the pods shop/pod-");
    expect((await ran(1, "uninstall", "--check")).stderr).toContain("the runtime is used by the pods shop/pod-");
    await pod.remove();
    expect(filesBelow(join(world.memory, "resolved"))).toEqual([]);
    expect(filesBelow(join(world.memory, "bundles"))).toEqual([]);
  });

  it("of another namespace, name or variable get nothing, whatever their annotations say", async () => {
    const posing = {
      "io.kubernetes.cri.sandbox-namespace": "shop",
      "io.kubernetes.cri.container-name": "app",
      "io.kubernetes.cri.container-type": "container",
    };
    const told = await Promise.all([
      refused({ namespace: "other", env: ENV, annotations: posing }),
      refused({ container: "sidecar", env: ENV, annotations: posing }),
      refused({ env: { OTHER: REFERENCE } }),
      refused({ env: { DB_PASSWORD: "ref+vault://secret/apps/payroll#/DB_PASSWORD" } }),
    ]);
    expect(told[0]).toContain("pod:other/app may not use");
    expect(told[1]).toContain("pod:shop/sidecar may not use");
  });

  it("do not start with a reference that their image brings", async () => {
    await containerd.makeImage("unsprawl.example/vendor:1", [`TZ_HINT=${REFERENCE}`]);
    expect(await refused({ image: "unsprawl.example/vendor:1" })).toContain("and not its image");
  });

  it("are not what a container of Docker says that it is", async () => {
    const path = join(world.dir, "containerd/unsprawl-runc");
    writeFileSync(engine.configFile, JSON.stringify({ runtimes: { posed: { path } } }));
    process.kill(engine.pid(), "SIGHUP");
    await expect.poll(() => engine.docker("info", "--format", "{{json .Runtimes}}")).toContain("posed");
    const annotations = ["sandbox-namespace=shop", "container-name=app", "container-type=container"];
    const words = annotations.flatMap((one) => ["--annotation", `io.kubernetes.cri.${one}`]);
    const args = [
      "run",
      "--rm",
      "--network",
      "none",
      "--runtime",
      "posed",
      ...words,
      "--env",
      `DB_PASSWORD=${REFERENCE}`,
    ];
    expect(() => engine.docker(...args, BUSYBOX, "env")).toThrow(/may not use/);
  });

  it("do not start while the store is sealed, and do once it is not", async () => {
    const settings = join(world.dir, "containerd/runtime.json");
    writeFileSync(settings, JSON.stringify({ ...JSON.parse(readFileSync(settings, "utf8")), waitMs: 100 }));
    await bao.seal();
    try {
      expect(await refused({ env: ENV })).toContain("is sealed");
    } finally {
      await bao.unseal();
    }
    const pod = await containerd.pod({ handler: "unsprawl", env: ENV });
    await pod.remove();
  });

  it("need it no more once it is uninstalled", async () => {
    await ran(0, "runtime", "forbid", "pod:shop/app");
    await refused({ env: ENV });
    await ran(0, ...ofPods("uninstall"));
    expect(filesBelow(join(world.dir, "containerd"))).toEqual([]);
  });
});

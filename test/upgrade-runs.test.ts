import { fileURLToPath } from "node:url";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { chainedLine } from "../src/core/journal/chain.ts";
import type { Plan } from "../src/model/plan.ts";
import type { Receipt } from "../src/model/receipt.ts";
import { Secret } from "../src/model/secret.ts";
import { openSpec } from "./conformance/spec.ts";
import { keyOf, RUNS_HOME, valueFor } from "./fixtures/upgrade/derived.ts";
import { APP, BUSYBOX } from "./services/images.ts";
import { workerEngine, type WorkerEngine } from "./services/worker-engine.ts";
import { expectServed } from "./support/served.ts";
import { installationOf } from "./support/signed.ts";
import { makeWorld, type Ran, type World } from "./support/world.ts";

// The runs that each form of journal left behind (test/fixtures/upgrade/write-runs.ts made them) are resumed, rolled back
// and scrubbed, on containers as they were then.

const FOLDER = fileURLToPath(new URL("fixtures/upgrade/runs/", import.meta.url));
const ACCEPT = "unsigned-journal";
type Name = "done" | "put" | "stopped" | "files";

let engine: WorkerEngine;
beforeAll(async () => void (engine = await workerEngine()));
afterAll(() => engine?.clean());

describe.each(readdirSync(FOLDER))("a journal of the form %s", (form) => {
  const isSigned = form !== "unsigned";
  let world: World;
  let run: string;

  beforeEach(() => {
    world = makeWorld(engine.host);
    const runs = join(world.dir, "state/unsprawl/runs");
    mkdirSync(runs, { recursive: true, mode: 0o700 });
    writeFileSync(join(world.dir, "state/unsprawl/fingerprint.key"), keyOf(form), { mode: 0o600 });
    mkdirSync(join(RUNS_HOME, "app"), { recursive: true, mode: 0o700 });
    return () => {
      for (const name of containers()) engine.docker("rm", "-f", name);
      world.remove();
      rmSync(RUNS_HOME, { recursive: true, force: true });
    };
  });

  const containers = (): string[] =>
    engine.docker("ps", "-a", "--format", "{{.Names}}").split("\n").filter(Boolean).sort();
  const journal = (): string => join(world.dir, "state/unsprawl/runs", `${run}.jsonl`);

  /** The world as the run left it, with the containers of this engine in place of those of then. */
  async function restage(name: Name): Promise<void> {
    const text = readFileSync(join(FOLDER, form, `${name}.jsonl`), "utf8");
    const plan = (JSON.parse(text.slice(0, text.indexOf("\n"))) as { data: { plan: Plan } }).data.plan;
    run = plan.id;
    let now = text.replaceAll(`${RUNS_HOME}/memory`, world.memory).replaceAll(plan.engine.address, address(plan));
    now = now.replaceAll(plan.engine.id, plan.engine.id === "files" ? "files" : engine.docker("info", "-f", "{{.ID}}"));
    const recreate = plan.steps.find((step) => step.kind === "recreate");
    if (recreate !== undefined) now = now.replaceAll(recreate.subject.id, start(name, recreate.subject.name));
    const made = /\/created","state":"done","data":\{"id":"(\w+)"/.exec(text)?.[1];
    if (made !== undefined) now = now.replaceAll(made, startNew(name, name === "done"));
    if (name === "files") {
      const file = join(RUNS_HOME, "app/settings.env");
      copyFileSync(join(FOLDER, form, "settings.env"), file);
      const kept = join(world.dir, "state/unsprawl/runs", `${run}-files`);
      mkdirSync(kept, { mode: 0o700 });
      const sealed = `${createHash("sha256").update(file).digest("hex").slice(0, 32)}.sealed`;
      copyFileSync(join(FOLDER, form, "settings.env.sealed"), join(kept, sealed));
    }
    writeFileSync(journal(), isSigned ? resigned(now) : now, { mode: 0o600 });
    const [put] = plan.steps;
    if (put?.kind !== "put") throw new Error("the plan puts nothing");
    const value = Secret.of(valueFor(name));
    const store = await openSpec({
      provider: "local",
      config: { file: put.move.key.path },
      env: world.env,
      dir: world.dir,
    });
    await store.put(put.move.key, value, null, { runId: run, subject: name, name: "API_TOKEN" });
  }

  const address = ({ engine: { address: then } }: Plan): string => (then === "files" ? then : engine.host);

  function resigned(text: string): string {
    let link = run;
    return text
      .trimEnd()
      .split("\n")
      .map((line) => {
        const { mac: _code, ...receipt } = JSON.parse(line) as Receipt & { mac: string };
        const next = chainedLine(receipt, link, installationOf(world).key);
        ({ link } = next);
        return next.line;
      })
      .join("");
  }

  /** The old container, as the run left it; its id. */
  function start(name: Name, called: string): string {
    const how = ["--network", "none", "--restart", "unless-stopped", "-e", `API_TOKEN=${valueFor(name)}`];
    const id = engine.docker("run", "-d", "--name", called, ...how, BUSYBOX, ...APP);
    if (name !== "put") {
      engine.docker("update", "--restart", "no", called);
      engine.docker("stop", called);
    }
    if (name === "done") engine.docker("rename", called, `${called}-before-${run}`);
    return id;
  }

  /** The new container, which has the value's file in memory; its id. */
  function startNew(name: Name, isUp: boolean): string {
    const mount = `type=bind,source=${world.memory}/units/${name}-${run}/shim,target=/run/unsprawl,readonly`;
    mkdirSync(join(world.memory, "units", `${name}-${run}`, "shim"), { recursive: true });
    const how = ["--name", isUp ? name : `${name}-unsprawl-${run}`, "--network", "none", "--restart", "unless-stopped"];
    const words = [
      "--mount",
      mount,
      "--entrypoint",
      "/bin/sh",
      BUSYBOX,
      ...(isUp ? APP.slice(1) : ["/run/unsprawl/entrypoint", ...APP]),
    ];
    return engine.docker(isUp ? "run" : "create", ...(isUp ? ["-d"] : []), ...how, ...words);
  }

  const accepted = (...words: string[]): Promise<Ran> => {
    const accept = [...(isSigned ? [] : [ACCEPT]), ...(words[0] === "scrub" ? ["key-backup"] : [])];
    return world.unsprawl([...words, run, ...accept.flatMap((word) => ["--accept", word])]);
  };
  const serves = (name: Name): Promise<void> => expectServed(engine.docker, name, { API_TOKEN: valueFor(name) });
  const isStored = (name: Name): boolean =>
    existsSync(join(RUNS_HOME, "secrets", `${name}.sops.yaml`)) ||
    existsSync(join(RUNS_HOME, ".local/share/unsprawl/secrets", `${name}.sops.yaml`));

  it.each(["done", "put", "stopped"] as const)("%s: rolled back", async (name) => {
    await restage(name);
    const back = await accepted("rollback");
    expect(back.code, back.stderr + back.stdout).toBe(0);
    expect([containers(), isStored(name)]).toEqual([[name], false]);
    expect(engine.docker("inspect", "-f", "{{.State.Running}} {{.HostConfig.RestartPolicy.Name}}", name)).toBe(
      "true unless-stopped",
    );
    await serves(name);
    expect((await world.unsprawl(["runs", run])).stdout).toContain("rolled back");
  });

  it.each(["put", "stopped"] as const)("%s: resumed", async (name) => {
    await restage(name);
    const on = await accepted("resume");
    expect(on.code, on.stderr + on.stdout).toBe(0);
    expect([containers(), isStored(name)]).toEqual([[name, `${name}-before-${run}`], true]);
    expect(engine.docker("inspect", name)).not.toContain(valueFor(name));
    await serves(name);
    expect((await world.unsprawl(["runs", run])).stdout).toContain("done");
  });

  it("done: scrubbed", async () => {
    await restage("done");
    const scrubbed = await accepted("scrub", "--no-residue");
    expect(scrubbed.code, scrubbed.stderr + scrubbed.stdout).toBe(0);
    expect([containers(), isStored("done")]).toEqual([["done"], true]);
    expect((await world.unsprawl(["runs", run])).stdout).toContain("scrubbed");
  });

  it("a file: rolled back byte for byte from its sealed copy", async () => {
    await restage("files");
    const back = await accepted("rollback");
    expect(back.code, back.stderr + back.stdout).toBe(0);
    const file = join(RUNS_HOME, "app/settings.env");
    expect(readFileSync(file, "utf8")).toBe(`# of the shop\nAPI_TOKEN=${valueFor("files")}\n`);
  });

  const ofUnsigned: typeof it | (() => void) = isSigned ? () => undefined : it;
  ofUnsigned(
    "shows what it says and does nothing, unless that is accepted; never where others can write it",
    async () => {
      await restage("done");
      const [names, before] = [containers(), readFileSync(journal(), "utf8")];
      for (const verb of ["rollback", "resume", "scrub"]) {
        const { code, stdout, stderr } = await world.unsprawl([verb, run, "--yes"]);
        expect([code, stdout], stderr).toEqual([1, ""]);
        for (const part of [engine.host, `store local: local {`, "done (done):", `recreate done: container `])
          expect(stderr).toContain(part);
        expect(stderr).toContain(`next: if all of it is as you know it: unsprawl ${verb} ${run} --accept ${ACCEPT}`);
      }
      chmodSync(journal(), 0o620);
      const open = await accepted("rollback");
      expect([open.code, open.stderr]).toEqual([1, expect.stringContaining("others can write")]);
      expect([containers(), readFileSync(journal(), "utf8")]).toEqual([names, before]);
    },
  );
});

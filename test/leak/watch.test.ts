import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { random, variableCanaries, Watch } from "../support/canary.ts";
import { endChildren } from "../support/children.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { watched } from "../support/watched.ts";
import { makeWorld } from "../support/world.ts";

// The rig of this folder proves that it would see a leak.

const world = makeWorld("unix:///nowhere/docker.sock");
afterAll(() => world.remove());

describe("the watch itself", () => {
  it("finds a canary whole, encoded and in pieces", () => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    for (const { name, parts } of canaries) {
      for (const part of parts) {
        const bytes = Buffer.from(part);
        const piece = part.length > 60 ? [part.slice(part.length - 40)] : [];
        const line = part.split("\n").find((one) => one.length >= 8) ?? part;
        const forms = [
          part,
          bytes.toString("base64"),
          Buffer.from(`x${part}`).toString("base64url"),
          bytes.toString("hex"),
          encodeURIComponent(part),
          JSON.stringify(part),
          line,
          ...piece,
        ];
        for (const form of forms) expect(watch.find(`before ${form} after`), name).not.toEqual([]);
      }
    }
    expect(watch.find(readFileSync(import.meta.filename, "utf8"))).toEqual([]);
  });

  it("sees arguments, environment and writes that exist for a moment", async () => {
    const [canary] = variableCanaries();
    const watch = new Watch(canary ? [canary] : []);
    const script = `import { execFileSync } from "node:child_process"; import { writeFileSync, rmSync } from "node:fs"; import { open } from "node:fs/promises";
      execFileSync("sleep", ["0.1"], { env: { A: ${JSON.stringify(canary?.value)} } });
      writeFileSync("moment", ${JSON.stringify(canary?.value)}); rmSync("moment");
      const file = await open("moment", "w"); await file.writeFile(${JSON.stringify(canary?.value)}); await file.close(); rmSync("moment");`;
    const ran = await watched(world, ["completion", "bash"], {
      sampled: true,
      nodeArgs: ["--import", `data:text/javascript,${encodeURIComponent(script)}`],
    });
    expect(ran.code).toBe(0);
    const found = ran.shown.filter((one) => watch.find(one.text).length > 0).map((one) => one.where);
    expect(found.filter((where) => where.startsWith("write ") && where.endsWith("moment"))).toHaveLength(2);
    expect(found.some((where) => where.endsWith("/environ"))).toBe(true);
  });

  it("sees the writes of a command that has no process of its own", async () => {
    writeFileSync(join(world.dir, "a.env"), `DB_PASSWORD=${random(20)}\n`);
    const args = ["scan", "env:a.env", "--json", "--fail-on", "never", "-o", "report.json"];
    const ran = await watched(world, args, { sampled: false });
    expect(ran.code, ran.stderr).toBe(0);
    const report = readFileSync(join(world.dir, "report.json"), "utf8");
    const wrote = ran.shown.filter(({ where }) => where.startsWith(`write ${realpathSync(world.dir)}/`));
    expect(wrote.map(({ text }) => text)).toContain(report);
  });

  it("finds a planted secret in what a command prints, and names it without its value", async () => {
    const { SESSION_SECRET = "", TLS_PRIVATE_KEY = "" } = twelveSecrets();
    const own = random(20);
    world.plant({ "my own": own });
    const printed = [
      ["SESSION_SECRET", SESSION_SECRET, SESSION_SECRET, "stdout"],
      ["TLS_PRIVATE_KEY", TLS_PRIVATE_KEY, Buffer.from(TLS_PRIVATE_KEY).toString("base64"), "stdout"],
      ["TLS_PRIVATE_KEY", TLS_PRIVATE_KEY, JSON.stringify(TLS_PRIVATE_KEY), "stderr"],
      ["my own", own, Buffer.from(own).toString("hex"), "stderr"],
    ] as const;
    for (const [name, value, text, stream] of printed) {
      const code = `process.${stream}.write(${JSON.stringify(`before ${text} after`)})`;
      const nodeArgs = ["--import", `data:text/javascript,${encodeURIComponent(code)}`];
      const failed = await world.unsprawl(["completion", "bash"], { nodeArgs }).catch((error: unknown) => error);
      expect(String(failed)).toContain(`${stream} of "unsprawl completion bash" shows ${name} (`);
      expect(new Watch([{ name, value, parts: [value] }]).find(String(failed))).toEqual([]);
      expect((await world.unsprawl(["completion", "bash"], { nodeArgs, shows: [value] })).code).toBe(0);
    }
    expect((await world.unsprawl(["completion", "bash"])).code).toBe(0);
  });

  it("ends what a test left running, and what that started", async ({ task }) => {
    const file = join(world.memory, "pid");
    const left = world.unsprawl([
      "run",
      "--",
      "sh",
      "-c",
      `sleep 1000 & echo $! >${file}.new; mv ${file}.new ${file}; wait`,
    ]);
    await expect.poll(() => existsSync(file)).toBe(true);
    const pid = readFileSync(file, "utf8").trim();
    await endChildren(task.id);
    expect((await left).signal).toBe("SIGKILL");
    // A signal is sent before what it kills is dead.
    const state = () => (existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "utf8") : "it is gone");
    await expect.poll(state).toMatch(/gone|\) Z /);
  });
});

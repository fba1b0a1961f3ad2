import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { BUSYBOX } from "../services/images.ts";
import { variableCanaries, Watch } from "../support/canary.ts";
import { proxyEngine } from "../support/engine-proxy.ts";
import { watched } from "../support/watched.ts";
import { sample } from "../support/deep.ts";
import { APP, makeStage, runIdOf } from "./stage.ts";

// The guard of Law 1 for stores, engines and files that fail, and quote what they were sent.

const stage = makeStage();
const { runContainer, quiet } = stage;

describe("what fails", () => {
  const canaries = variableCanaries();
  const watch = new Watch(canaries);

  // Whatever fails leaves it as it was, so that the next can be tried on it.
  beforeAll(() => runContainer("failing", canaries));

  it.each([
    ["sealed or gone", { VAULT_ADDR: "http://127.0.0.1:9" }, 1],
    ["a wrong token", { VAULT_TOKEN: "wrong" }, 4],
    ["no engine", { DOCKER_HOST: "unix:///nowhere/docker.sock" }, 1],
    ["a state folder that cannot be", { XDG_STATE_HOME: "/dev/null/state" }, 1],
    ["a state folder below /proc", { XDG_STATE_HOME: "/proc/state" }, 1],
    ["a memory folder on disk", { UNSPRAWL_RUNTIME_DIR: "/var/tmp/unsprawl-on-disk" }, 3],
  ])("migrate with %s", async (_what, env, code) => {
    const ran = await quiet(
      watch,
      ["migrate", "docker:failing", "--to", "vault", "--deliver", "shim", "--grace", "300ms", "--yes"],
      { env },
    );
    expect(ran.code, ran.stderr).toBe(code);
    expect(existsSync("/var/tmp/unsprawl-on-disk")).toBe(false);
  });

  it("migrate with a token that may only read", async () => {
    await stage.bao.api("PUT", "sys/policies/acl/reads", {
      policy: 'path "secret/*" { capabilities = ["read", "list"] }',
    });
    const { auth } = (await stage.bao.api("POST", "auth/token/create", { policies: ["reads"] })) as {
      auth: { client_token: string };
    };
    const ran = await quiet(watch, ["migrate", "docker:failing", "--to", "vault", "--deliver", "shim", "--yes"], {
      env: { VAULT_TOKEN: auth.client_token },
    });
    expect(ran.code, ran.stderr).toBe(4);
  });

  it.each(sample([400, 403, 500], 1))("a Vault that answers a write with %i and what was sent", async (status) => {
    let echoed = 0;
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
      request.on("end", () => {
        const mount = request.url?.includes("/internal/ui/mounts")
          ? { data: { type: "kv", path: "secret/", options: { version: "2" } } }
          : null;
        if (request.method !== "GET" && body !== "") echoed++;
        const code = mount
          ? 200
          : request.method === "GET"
            ? request.url?.includes("lookup-self")
              ? 200
              : 404
            : status;
        response
          .writeHead(code, { "content-type": "application/json" })
          .end(
            JSON.stringify(
              mount ??
                (code === 200 ? { data: {} } : { errors: code === 404 ? [] : [`cannot store ${body}`], data: null }),
            ),
          );
      });
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const address = server.address();
    const env = { VAULT_ADDR: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}` };
    try {
      const ran = await quiet(watch, ["migrate", "docker:failing", "--to", "vault", "--deliver", "shim", "--yes"], {
        env,
      });
      expect([1, 4, 5]).toContain(ran.code);
      expect(echoed).toBeGreaterThan(0);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("an engine that quotes the values in its error", async () => {
    let failed = 0;
    const proxy = await proxyEngine(stage.engine.socket, join(stage.world.memory, "quoting.sock"), (method, path) => {
      if (method !== "POST" || !path.endsWith("/start") || failed > 0) return "pass";
      failed++;
      const values = canaries.map(
        (one) => `${one.name}=${one.value}, ${JSON.stringify(one.value)}, ${Buffer.from(one.value).toString("base64")}`,
      );
      return { status: 500, message: `OCI runtime create failed: bad environment [${values.join(" ")}]: unknown` };
    });
    try {
      const ran = await quiet(watch, ["migrate", "docker:failing", "--to", "local", "--deliver", "shim", "--yes"], {
        env: { DOCKER_HOST: proxy.host },
      });
      expect(failed).toBe(1);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain("OCI runtime create failed");
      const runs = await quiet(watch, ["runs", runIdOf(ran.stdout), "--json"]);
      expect(runs.stdout).toContain("OCI runtime create failed");
    } finally {
      await proxy.stop();
    }
  });

  it("apply of a plan file that is a secret, and a plan that cannot be saved", async () => {
    const secret = join(stage.world.memory, "not-a-plan");
    for (const { value } of sample(canaries.slice(0, 4), 2)) {
      writeFileSync(secret, value);
      const ran = await quiet(watch, ["apply", secret]);
      expect(ran.code).toBe(2);
    }
    symlinkSync("/proc/nowhere/plan", join(stage.world.dir, "dangling"));
    for (const file of ["/proc/nowhere/plan", "tmp", "dangling"]) {
      const ran = await quiet(watch, ["plan", "docker:failing", "--to", "local", "-o", file]);
      expect([1, 4]).toContain(ran.code);
    }
  });

  it("a script's run line: scanned, planned, moved, put back", async () => {
    stage.engine.docker("create", "--name", "by-script", BUSYBOX);
    const file = join(stage.world.memory, "deploy.sh");
    const flags = canaries.map(({ name, value }) => `-e ${name}='${value.replaceAll("'", String.raw`'\''`)}'`);
    const text = `#!/bin/sh\ndocker run -d --name by-script \\\n  ${flags.join(" \\\n  ")} \\\n  ${BUSYBOX} ${APP}\n`;
    writeFileSync(file, text);
    for (const format of sample(["table", "json", "sarif", "junit", "github", "gitlab"], 2))
      expect((await quiet(watch, ["scan", `script:${file}`, "--format", format])).code).toBe(3);
    await quiet(watch, ["plan", `script:${file}`, "--to", "vault", "--deliver", "shim", "-o", "script-plan.json"]);
    const target = ["migrate", `script:${file}`, "--to", "vault", "--deliver", "shim", "--yes"];
    const ran = await quiet(watch, target);
    expect(ran.code, ran.stderr).toBe(0);
    expect(watch.find(readFileSync(file, "utf8"))).toEqual([]);
    expect((await quiet(watch, ["rollback", runIdOf(ran.stdout)])).code).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("a configuration that is a secret", async () => {
    for (const { value } of sample([canaries[0], canaries[4]], 1).filter((one) => one !== undefined)) {
      for (const text of [
        value,
        `stores: ${value}`,
        `stores: { a: { provider: vault, address: ${JSON.stringify(value)} } }`,
        `failOn: ${JSON.stringify(value)}`,
      ]) {
        writeFileSync(join(stage.world.memory, "config.yaml"), text);
        const ran = await watched(stage.world, [
          "stores",
          "check",
          "a",
          "--config",
          join(stage.world.memory, "config.yaml"),
        ]);
        expect(ran.code).not.toBe(0);
        expect.soft(watch.find(ran.stdout + ran.stderr)).toEqual([]);
      }
    }
  });
});

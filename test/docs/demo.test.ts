import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { CACHE } from "../services/apt.ts";
import { workerEngine } from "../services/worker-engine.ts";
import { DEMO, demoPicture } from "./demo-picture.ts";

const engine = await workerEngine();
afterAll(() => engine.clean());

it("ends well, and the README shows what it prints (after a wanted change: npm run docs:demo)", () => {
  const shown = readFileSync(join(import.meta.dirname, "../../docs/demo.svg"), "utf8");
  expect(demoPicture({ ...process.env, DOCKER_HOST: engine.host })).toBe(shown);
});

it("works where /run/unsprawl alone is on tmpfs, with an engine of its own, and leaves nothing there", async () => {
  const { DOCKER_HOST: _elsewhere, ...env } = process.env;
  mkdirSync(CACHE, { recursive: true });
  const disk = mkdtempSync(join(CACHE, "run-"));
  const script = [
    ...['mount --bind "$1" /run', "mkdir /run/unsprawl", "mount -t tmpfs -o mode=0700 tmpfs /run/unsprawl"],
    ...['"$2" "$3"; code=$?', "find /run/unsprawl -mindepth 1", "exit $code"],
  ];
  const words = ["--mount", "sh", "-c", script.join("\n"), "sh", disk, process.execPath, DEMO];
  const { code, said } = await run("unshare", words, env);
  rmSync(disk, { recursive: true, force: true });
  expect(code, said).toBe(0);
  expect(said).toContain("started for the demo only");
  expect(said.trimEnd()).toMatch(/main\.js scan$/);
});

it("says why a secret is not moved: here the engine is on another machine", async () => {
  const remote = createServer((client) => client.pipe(connect(engine.socket)).pipe(client)).listen(0, "127.0.0.1");
  await once(remote, "listening");
  const { port } = remote.address() as AddressInfo;
  const { code, said } = await run(process.execPath, [DEMO], {
    ...process.env,
    DOCKER_HOST: `tcp://127.0.0.1:${port}`,
  });
  remote.close();
  expect(code, said).toBe(1);
  expect(said).toMatch(/not moved: DB_PASSWORD of demo-shop-\w+: /);
  expect(said).toMatch(/the demo stopped: 4 secrets cannot be moved here\n {2}next: /);
});

type Ended = { readonly code: number; readonly said: string };

function run(program: string, words: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((done) => {
    const child = execFile(program, words, { env }, (_error, stdout, stderr) =>
      done({ code: child.exitCode ?? -1, said: stdout + stderr }),
    );
  });
}

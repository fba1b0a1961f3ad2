import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { quietEnvironment } from "../../src/kit/quiet-options.ts";
import { random } from "../support/canary.ts";
import { makeWorld, type World } from "../support/world.ts";

// Node reads NODE_DEBUG before the first line of a program: it would print each header that is sent.

const token = random(24);
const sent: (string | undefined)[] = [];
let server: Server;
let world: World;

beforeAll(async () => {
  server = createServer((request, response) => {
    sent.push(request.headers["x-vault-token"]?.toString());
    const health = { initialized: true, sealed: false, standby: false, version: "1.15.0" };
    const body =
      request.url === "/v1/sys/health" ? health : { data: { policies: [], ttl: 0, options: { version: "2" } } };
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  world = makeWorld("unix:///nowhere/docker.sock", { VAULT_ADDR: address, VAULT_TOKEN: token });
});

afterAll(() => {
  server.close();
  world.remove();
});

it.each([
  { NODE_DEBUG: "net" },
  { NODE_DEBUG: "http,http2,https,net,tls" },
  { NODE_DEBUG: "*", DEBUG: "*" },
  { NODE_DEBUG_NATIVE: "ALL" },
  { NODE_OPTIONS: "--trace-tls --trace-env" },
])("%j prints no token", async (env) => {
  sent.length = 0;
  const { stdout, stderr } = await world.unsprawl(["stores", "check", "vault"], { env });
  expect(sent, stderr).toContain(token);
  expect(stdout + stderr).not.toContain(token);
  expect(stdout).toContain("vault");
});

it("the program is otherwise the same: its words, its flags of Node, its input, its exit code", async () => {
  const hook = "data:text/javascript,process.stderr.write('hooked\\n')";
  const { code, stdout, stderr } = await world.unsprawl(["classify"], {
    env: { NODE_DEBUG: "net" },
    stdin: `{"id":"1","where":"env","name":"PORT","value":"8080"}\nno JSON\n`,
    nodeArgs: ["--import", hook],
  });
  expect(code).toBe(1);
  expect(stdout).toContain('"secret":false');
  expect(stderr).toContain("hooked");
});

it.each([
  { NODE_DEBUG: "net", NODE_OPTIONS: '--report-on-fatalerror --title="a b"', DEBUG: "app:*" },
  { NODE_OPTIONS: "--trace-tls", NODE_DEBUG_NATIVE: "" },
  { NODE_OPTIONS: "--title=x", DEBUG: "app:*" },
])("a command that it becomes gets its environment as it was given: %j", async (env) => {
  const given: { [name: string]: string } = { ...world.env, ...env };
  const { stdout } = await world.unsprawl(["run", "--", "env", "-0"], { env, mayShow: true });
  const got = stdout.split("\0").filter((one) => one !== "" && !one.startsWith("_="));
  expect(got.sort()).toEqual(
    Object.entries(given)
      .map(([name, value]) => `${name}=${value}`)
      .sort(),
  );
});

it("what it tells itself stays with it, and gives it no other variable", async () => {
  const env = { UNSPRAWL_GIVEN_SWITCHES: JSON.stringify({ LD_PRELOAD: "/x.so", NODE_DEBUG: ["net"] }) };
  const { stdout, stderr } = await world.unsprawl(["run", "--", "env"], { env, mayShow: true });
  expect(stdout + stderr).not.toMatch(/LD_PRELOAD|NODE_DEBUG|UNSPRAWL_GIVEN/);
  expect(stdout).toContain("PATH=");
});

it("takes away what writes memory, keys or the environment, and leaves every other option as it stands", () => {
  const of = (NODE_OPTIONS: string): string | undefined =>
    (quietEnvironment({ NODE_OPTIONS, A: "b" }) ?? { NODE_OPTIONS })["NODE_OPTIONS"];
  const kept = ["--max-old-space-size=400", '--require "/a b/c.js"', "--import ./x.js", "--no-warnings", "--inspect"];
  for (const options of kept) expect(of(options)).toBe(options);
  for (const loud of [
    "--tls-keylog=/tmp/x",
    "--tls-keylog /tmp/x",
    '--tls-keylog="/tmp/a b"',
    '"--tls-keylog" "/tmp/a b"',
    "--tls_keylog=/tmp/x",
    "--heapsnapshot-near-heap-limit=3",
    "--heapsnapshot-signal SIGUSR2",
    "--report-on-fatalerror",
    "--report-dir /tmp",
    "--abort-on-uncaught-exception",
  ]) {
    expect(of(loud), loud).toBeUndefined();
    expect(of(`--no-warnings ${loud} --max-http-header-size=9`), loud).toBe("--no-warnings --max-http-header-size=9");
  }
  expect(quietEnvironment({ PATH: "/bin" })).toBeNull();
  expect(quietEnvironment({ NODE_DEBUG: "", PATH: "/bin" })).toEqual({ PATH: "/bin" });
});

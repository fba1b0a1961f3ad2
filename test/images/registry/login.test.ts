import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseChallenges } from "../../../src/images/registry/challenge.ts";
import { findCredentials } from "../../../src/images/registry/credentials.ts";
import { startRegistry, type TestRegistry } from "../../services/registry.ts";
import { startGate } from "../../support/gate.ts";
import { clientAt, clientOf, dockerConfig, forever, pushImage } from "../../support/pushed.ts";
import { random } from "../../support/canary.ts";

describe("token login at a real registry", () => {
  let server: TestRegistry;
  const asked = () => server.tokens?.asked ?? [];

  beforeAll(async () => {
    server = await startRegistry({ auth: "token" });
    const registry = clientOf(server);
    for (const name of ["closed/app", "open/app"])
      await pushImage(registry, name, ["1", "2", "3"], { config: { Env: [`N=${name}`] } });
    server.tokens?.open.add("open/app");
    registry.close();
  });
  afterAll(() => server?.stop());
  beforeEach(() => {
    asked().length = 0;
    if (server.tokens) server.tokens.life = { says: 300, is: 300 };
  });

  it("asks for one token a repository, however many requests go at once", async () => {
    const registry = clientOf(server);
    const tags = Array.from({ length: 20 }, (_, at) => String((at % 3) + 1));
    await Promise.all(tags.map((tag) => registry.resolve("closed/app", tag, forever)));
    await Promise.all(tags.map((tag) => registry.resolve("open/app", tag, forever)));
    expect(asked()).toEqual([
      { method: "GET", scope: "repository:closed/app:pull", by: "password" },
      { method: "GET", scope: "repository:open/app:pull", by: "password" },
    ]);
    expect(registry.anonymous).toBe(false);
  });

  it("needs no login for what is open, and says so", async () => {
    const registry = clientAt(server.host);
    expect(await registry.resolve("open/app", "1", forever)).toMatch(/^sha256:/);
    expect(registry.anonymous).toBe(true);
    await expect(registry.resolve("closed/app", "1", forever)).rejects.toMatchObject({
      code: "denied",
      exit: 4,
      message: `${server.host} requires a login`,
      hint: `docker login ${server.host}`,
    });
  });

  it("renews a token before it ends, and one that the registry refuses once", async () => {
    if (server.tokens) server.tokens.life = { says: 1, is: 300 };
    const short = clientOf(server);
    await short.resolve("closed/app", "1", forever);
    await new Promise((done) => setTimeout(done, 1000));
    await short.resolve("closed/app", "1", forever);
    expect(asked()).toHaveLength(2);

    asked().length = 0;
    // Distribution allows a minute for clocks that differ.
    if (server.tokens) server.tokens.life = { says: 300, is: -120 };
    const refused = clientOf(server);
    await expect(refused.resolve("closed/app", "1", forever)).rejects.toMatchObject({ code: "denied" });
    if (server.tokens) server.tokens.life = { says: 300, is: 300 };
    expect(await refused.resolve("closed/app", "1", forever)).toMatch(/^sha256:/);
    expect(asked()).toHaveLength(2);
  });

  it("exchanges an identity token by POST", async () => {
    const config = { auths: { [server.host]: { auth: "", identitytoken: server.tokens?.identity } } };
    const registry = clientAt(server.host, { DOCKER_CONFIG: dockerConfig(server, config) });
    await registry.resolve("closed/app", "1", forever);
    expect(asked()).toEqual([{ method: "POST", scope: "repository:closed/app:pull", by: "identity" }]);
  });

  it("tells a wrong login apart", async () => {
    const auth = Buffer.from("reader:wrong").toString("base64");
    const registry = clientAt(server.host, {
      DOCKER_CONFIG: dockerConfig(server, { auths: { [server.host]: { auth } } }),
    });
    await expect(registry.resolve("closed/app", "1", forever)).rejects.toMatchObject({
      code: "denied",
      message: expect.stringContaining("not accepted") as string,
    });
  });
});

describe("where the login goes", () => {
  it.each([
    ["another scheme", "ftp://127.0.0.1/token", "refused"],
    ["another host without TLS", "http://tokens.example.org/token", "refused"],
    ["nowhere", "", "malformed"],
  ])("never to %s", async (_what, realm, code) => {
    const gate = await startGate(null, (_request, response) => {
      response.writeHead(401, { "www-authenticate": `Bearer realm="${realm}",service="x"` }).end();
      return true;
    });
    const config = { auths: { [gate.host]: { auth: Buffer.from(`a:${random(12)}`).toString("base64") } } };
    const registry = clientAt(gate.host, { DOCKER_CONFIG: dockerConfig({ host: gate.host } as TestRegistry, config) });
    await expect(registry.resolve("app", "1", forever)).rejects.toMatchObject({ code });
    expect(gate.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    await gate.stop();
  });

  it("a token server's redirect is not followed with it", async () => {
    const other = await startGate(null);
    const gate = await startGate(null, ({ path }, response) => {
      if (path.startsWith("/token")) response.writeHead(302, { location: `http://${other.host}/` }).end();
      else response.writeHead(401, { "www-authenticate": `Bearer realm="http://${gate.host}/token"` }).end();
      return true;
    });
    const config = { auths: { [gate.host]: { auth: Buffer.from(`a:${random(12)}`).toString("base64") } } };
    const registry = clientAt(gate.host, { DOCKER_CONFIG: dockerConfig({ host: gate.host } as TestRegistry, config) });
    await expect(registry.resolve("app", "1", forever)).rejects.toMatchObject({ code: "malformed" });
    expect(other.seen).toEqual([]);
    await gate.stop();
    await other.stop();
  });

  it("Basic: the login goes along at once after the first time", async () => {
    const server = await startRegistry({ auth: "htpasswd" });
    const registry = clientOf(server);
    await pushImage(registry, "app", ["1"], {});
    const gate = await startGate(server.host);
    const through = clientAt(gate.host, { DOCKER_CONFIG: dockerConfig({ ...server, host: gate.host }) });
    for (let turn = 0; turn < 3; turn++) await through.manifest("app", "1", forever);
    const sent = gate.seen.filter(({ path }) => path.includes("/manifests/"));
    expect(sent.map(({ headers }) => headers.authorization !== undefined)).toEqual([false, true, true, true]);
    await expect(clientAt(server.host).manifest("app", "1", forever)).rejects.toMatchObject({ code: "denied" });
    await gate.stop();
    await server.stop();
  });
});

describe("findCredentials", () => {
  const login = (name: string, password: string): string => Buffer.from(`${name}:${password}`).toString("base64");

  function files(given: { readonly [path: string]: object | string }): NodeJS.ProcessEnv {
    const home = mkdtempSync(join(tmpdir(), "unsprawl-logins-"));
    for (const [path, content] of Object.entries(given)) {
      mkdirSync(join(home, path, ".."), { recursive: true });
      writeFileSync(join(home, path), typeof content === "string" ? content : JSON.stringify(content));
      if (path.startsWith("bin/")) chmodSync(join(home, path), 0o755);
    }
    return { HOME: home, PATH: `${join(home, "bin")}:${process.env["PATH"]}` };
  }

  async function found(env: NodeJS.ProcessEnv, host: string, repository = "team/app"): Promise<string | null> {
    const one = await findCredentials(env, host, repository);
    if (one === null) return null;
    return one.kind === "identity" ? `token ${one.token.exposeText()}` : `${one.username} ${one.password.exposeText()}`;
  }

  /** A real helper program: what it is asked for on stdin chooses the answer. */
  const HELPER = `#!/bin/sh
[ "$1" = get ] || exit 9
read -r key
printf %s "$key" >> "$HOME/asked"
case "$key" in
  r.io) printf '{"ServerURL":"r.io","Username":"helped","Secret":"h:1"}' ;;
  https://index.docker.io/v1/) printf '{"Username":"<token>","Secret":"identity"}' ;;
  broken.io) echo nonsense ;;
  failing.io) echo "cannot open the keychain"; exit 1 ;;
  *) echo "credentials not found in native keychain"; exit 1 ;;
esac
`;

  it("reads auths of Docker's configuration, in each form of a key", async () => {
    const env = files({
      ".docker/config.json": {
        auths: {
          "r.io": { auth: login("a", "p:w") },
          "https://old.io/v1/": { auth: login("b", "2") },
          "https://index.docker.io/v1/": { username: "c", password: "3" },
          "t.io:5000": { identitytoken: "4" },
          "empty.io": {},
        },
      },
    });
    expect(await found(env, "r.io")).toBe("a p:w");
    expect(await found(env, "old.io")).toBe("b 2");
    expect(await found(env, "docker.io")).toBe("c 3");
    expect(await found(env, "t.io:5000")).toBe("token 4");
    expect(await found(env, "t.io")).toBeNull();
    expect(await found(env, "empty.io")).toBeNull();
  });

  it("reads Podman's file, the longest name first, and the one that is named before all", async () => {
    const env = files({
      "run/containers/auth.json": {
        auths: { "r.io": { auth: login("host", "1") }, "r.io/team": { auth: login("team", "2") } },
      },
      ".config/containers/auth.json": { auths: { "home.io": { auth: login("home", "3") } } },
      "named.json": { auths: { "r.io": { auth: login("named", "4") } } },
    });
    env["XDG_RUNTIME_DIR"] = join(env["HOME"] ?? "", "run");
    expect(await found(env, "r.io")).toBe("team 2");
    expect(await found(env, "r.io", "other/app")).toBe("host 1");
    expect(await found(env, "home.io")).toBe("home 3");
    env["REGISTRY_AUTH_FILE"] = join(env["HOME"] ?? "", "named.json");
    expect(await found(env, "r.io")).toBe("named 4");
  });

  it("asks credential helpers, with the host on stdin", async () => {
    const env = files({
      "bin/docker-credential-test": HELPER,
      ".docker/config.json": {
        credsStore: "test",
        auths: { "fallback.io": { auth: login("f", "5") } },
        credHelpers: { "failing.io": "test", "gone.io": "not-installed", "bad.io": "../x" },
      },
    });
    expect(await found(env, "r.io")).toBe("helped h:1");
    expect(await found(env, "docker.io")).toBe("token identity");
    expect(await found(env, "fallback.io")).toBe("f 5");
    expect(await found(env, "nothing.io")).toBeNull();
    await expect(found(env, "broken.io")).rejects.toMatchObject({ code: "malformed" });
    await expect(found(env, "failing.io")).rejects.toMatchObject({ code: "failed" });
    await expect(found(env, "gone.io")).rejects.toMatchObject({
      code: "failed",
      message: expect.stringContaining("ENOENT") as string,
    });
    await expect(found(env, "bad.io")).rejects.toMatchObject({ code: "config" });
    expect(readFileSync(join(env["HOME"] ?? "", "asked"), "utf8")).toContain("r.iohttps://index.docker.io/v1/");
  });

  it("says which file is broken, and quotes nothing of it", async () => {
    const secret = random(20);
    for (const text of [
      `{"auths": "${secret}`,
      JSON.stringify({ auths: { "r.io": { auth: Buffer.from(secret).toString("base64") } } }),
    ]) {
      const env = files({ ".docker/config.json": text });
      const failed = found(env, "r.io");
      await expect(failed).rejects.toMatchObject({
        code: "config",
        message: expect.stringContaining("config.json") as string,
      });
      await expect(failed).rejects.not.toThrow(new RegExp(secret));
    }
  });
});

describe("parseChallenges", () => {
  const read = (header: string) =>
    parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

  it.each([
    ["", []],
    ['Basic realm="x"', [["basic", { realm: "x" }]]],
    [
      'Bearer realm="https://a/token",service="s",scope="repository:a/b:pull,push"',
      [["bearer", { realm: "https://a/token", service: "s", scope: "repository:a/b:pull,push" }]],
    ],
    [
      'Basic realm="a, b", Bearer realm=x , service = "y"',
      [
        ["basic", { realm: "a, b" }],
        ["bearer", { realm: "x", service: "y" }],
      ],
    ],
    ['Bearer realm="a\\"b"', [["bearer", { realm: 'a"b' }]]],
    [
      "Negotiate, Basic",
      [
        ["negotiate", {}],
        ["basic", {}],
      ],
    ],
    ['Bearer realm="first",realm="second"', [["bearer", { realm: "first" }]]],
    ["=x", []],
  ])("%s", (header, challenges) => {
    expect(read(header)).toEqual(challenges);
  });

  it("ends in time for any text", () => {
    for (const text of ['"'.repeat(9000), "a=".repeat(9000), 'a "'.repeat(9000), "\\".repeat(9000), " ,".repeat(9000)])
      expect(read(text).length).toBeLessThan(9000);
  });
});

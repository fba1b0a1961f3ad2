import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endpointsOf, type HostFolders } from "../../../src/images/registry/hosts.ts";
import { redirectTarget } from "../../../src/images/registry/redirect.ts";
import { startRegistry, type TestRegistry } from "../../services/registry.ts";
import { startGate } from "../../support/gate.ts";
import { clientAt, clientOf, forever, NO_FOLDERS, pushImage } from "../../support/pushed.ts";

/** Folders as the engine has them, with this daemon.json. */
function folders(daemon: object | string = {}): HostFolders & { readonly dir: string } {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-hosts-"));
  mkdirSync(join(dir, "certs.d"));
  writeFileSync(join(dir, "daemon.json"), typeof daemon === "string" ? daemon : JSON.stringify(daemon));
  return { dir, certificates: join(dir, "certs.d"), daemons: [join(dir, "daemon.json")] };
}

describe("a registry with TLS", () => {
  let server: TestRegistry;
  beforeAll(async () => {
    server = await startRegistry({ tls: true });
  });
  afterAll(() => server?.stop());

  it("is trusted by the authority in its folder of certs.d, and by nothing else", async () => {
    const own = folders();
    mkdirSync(join(own.certificates, server.host));
    copyFileSync(server.caFile ?? "", join(own.certificates, server.host, "ca.crt"));
    const registry = clientAt(server.host, {}, own);
    const { digest } = await pushImage(registry, "app", ["1"], { config: { Env: ["A=1"] } });
    expect(await registry.resolve("app", "1", forever)).toBe(digest);
    registry.close();

    // A loopback host too: what speaks TLS is checked, and never asked without it instead.
    const stranger = clientAt(server.host);
    await expect(stranger.resolve("app", "1", forever)).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("not trusted") as string,
      hint: expect.stringContaining(`/etc/docker/certs.d/${server.host}/ca.crt`) as string,
    });
  });

  it("is not checked when the engine was told not to", async () => {
    const registry = clientAt(server.host, {}, folders({ "insecure-registries": [server.host] }));
    await expect(registry.resolve("nothing", "1", forever)).rejects.toMatchObject({ code: "absent" });
    registry.close();
  });
});

describe("endpointsOf", () => {
  it.each([
    ["127.0.0.1:5000", {}, true, false],
    ["127.9.9.9", {}, true, false],
    ["localhost", {}, true, false],
    ["[::1]:5000", {}, true, false],
    ["r.io", {}, false, false],
    ["10.1.2.3:5000", {}, false, false],
    ["10.1.2.3:5000", { "insecure-registries": ["10.1.0.0/16"] }, true, true],
    ["10.2.2.3:5000", { "insecure-registries": ["10.1.0.0/16"] }, false, false],
    ["r.io:5000", { "insecure-registries": ["r.io:5000"] }, true, true],
    ["r.io", { "insecure-registries": ["r.io:5000"] }, false, false],
  ])("%s with %j: without TLS %s, unverified %s", (host, daemon, plain, unverified) => {
    expect(endpointsOf(host, folders(daemon))).toMatchObject([{ name: host, plain, unverified }]);
  });

  it("asks mirrors of Docker Hub first, and of nothing else", () => {
    const own = folders({ "registry-mirrors": ["https://mirror.example.org", "http://127.0.0.1:5000/"] });
    expect(endpointsOf("docker.io", own).map(({ origin }) => origin)).toEqual([
      "https://mirror.example.org",
      "http://127.0.0.1:5000",
      "https://registry-1.docker.io",
    ]);
    expect(endpointsOf("r.io", own).map(({ origin }) => origin)).toEqual(["https://r.io"]);
  });

  it("refuses a mirror without TLS, one that is no URL, and a daemon.json that is no JSON", () => {
    const mirrors = (mirror: string) => () => endpointsOf("docker.io", folders({ "registry-mirrors": [mirror] }));
    expect(mirrors("http://mirror.example.org")).toThrow(expect.objectContaining({ code: "refused" }) as Error);
    expect(mirrors("mirror")).toThrow(expect.objectContaining({ code: "config" }) as Error);
    expect(() => endpointsOf("r.io", folders("{"))).toThrow(expect.objectContaining({ code: "config" }) as Error);
  });

  it("takes a client certificate with its key", () => {
    const own = folders();
    mkdirSync(join(own.certificates, "r.io"));
    for (const name of ["a.crt", "client.cert", "client.key"])
      writeFileSync(join(own.certificates, "r.io", name), name);
    expect(endpointsOf("r.io", own)[0]?.tls).toEqual({ ca: ["a.crt"], cert: "client.cert", key: "client.key" });
    expect(endpointsOf("r.io:5000", own)[0]?.tls).toEqual({ ca: [] });
  });
});

describe("redirected", () => {
  const from = (url: string, location: string, hops = 0, method = "GET") =>
    redirectTarget(method, { status: 307, headers: { location }, url: new URL(url) }, hops)?.href;

  it.each([
    ["https://r.io/v2/", "https://storage.io/x", "https://storage.io/x"],
    ["https://r.io/v2/a", "b", "https://r.io/v2/b"],
    ["http://127.0.0.1/v2/", "https://r.io/", "https://r.io/"],
    ["https://127.0.0.1/v2/", "http://127.0.0.1:9/", "http://127.0.0.1:9/"],
  ])("%s → %s", (url, location, to) => {
    expect(from(url, location)).toBe(to);
  });

  it.each([
    ["https://r.io/", "http://r.io/"],
    ["https://127.0.0.1/", "http://r.io/"],
    ["https://r.io/", "https://127.0.0.1/"],
    ["https://r.io/", "https://[::1]:80/"],
    ["https://r.io/", "https://localhost/"],
  ])("%s → %s is refused", (url, location) => {
    expect(() => from(url, location)).toThrow(expect.objectContaining({ code: "malformed" }) as Error);
  });

  it("is for reads only", () => {
    expect(from("https://r.io/", "https://r.io/x", 0, "PUT")).toBeUndefined();
  });
});

describe("mirrors and proxies", () => {
  /** A proxy that notes whom it is asked for, and lets nobody through. */
  async function closedProxy(): Promise<{ readonly url: string; readonly asked: string[]; readonly server: Server }> {
    const asked: string[] = [];
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", (bytes) => {
        asked.push(/^CONNECT (\S+)/.exec(bytes.toString("latin1"))?.[1] ?? "");
        socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
      });
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const address = server.address();
    return { url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`, asked, server };
  }

  it("a mirror gives Docker Hub's images; what it has not is asked of Docker Hub, by the proxy", async () => {
    const server = await startRegistry();
    const registry = clientOf(server);
    const { digest } = await pushImage(registry, "library/alpine", ["3"], { config: { Env: ["FROM=mirror"] } });
    const mirror = await startGate(server.host);
    const proxy = await closedProxy();
    const own = folders({ "registry-mirrors": [`http://${mirror.host}`] });
    const hub = clientAt("docker.io", { HTTPS_PROXY: proxy.url, NO_PROXY: "elsewhere.io" }, own);
    try {
      expect((await hub.manifest("library/alpine", "3", forever)).digest).toBe(digest);
      expect(proxy.asked).toEqual([]);
      await expect(hub.manifest("library/alpine", "4", forever)).rejects.toMatchObject({ code: "unreachable" });
      expect(new Set(proxy.asked)).toEqual(new Set(["registry-1.docker.io:443"]));
      expect(mirror.lines().at(-1)).toBe("GET /v2/library/alpine/manifests/4");
    } finally {
      hub.close();
      registry.close();
      proxy.server.close();
      await mirror.stop();
      await server.stop();
    }
  });

  it("a loopback registry is never asked through a proxy", async () => {
    const server = await startRegistry();
    const proxy = await closedProxy();
    const registry = clientAt(server.host, { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url }, NO_FOLDERS);
    await expect(registry.manifest("nothing", "1", forever)).rejects.toMatchObject({ code: "absent" });
    expect(proxy.asked).toEqual([]);
    registry.close();
    proxy.server.close();
    await server.stop();
  });
});

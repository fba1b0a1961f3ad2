/**
 * An address that others have chosen leads neither to this machine, nor to its link: a container's variables under
 * `--verify`, a registry's redirects, token services and uploads. What counts is the address after resolving.
 */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createListener, isIP, type AddressInfo, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { SEED } from "../support/deep.ts";
import { FOREIGN, partyAt, permitted, reachOf } from "../../src/kit/net/outgoing.ts";
import { kit } from "../../src/detect/rules/kit.ts";
import { Secret } from "../../src/model/secret.ts";
import { verify } from "../../src/verify/index.ts";
import { clientAt, dockerConfig, forever } from "../support/pushed.ts";

/** An address of this machine other than loopback; loopback where it has none. */
const OWN =
  Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4")?.address ?? "127.0.0.1";

const octets = (address: number): readonly number[] =>
  [24, 16, 8, 0].map((bits) => Math.floor(address / 2 ** bits) % 256);
const dotted = (address: number): string => octets(address).join(".");
const numberOf = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

/** Every way to write an IPv4 address that inet_aton(3), browsers or IPv6 know. */
const FORMS: readonly ((address: number, base: (part: number) => string) => string)[] = [
  (address, base) => octets(address).map(base).join("."),
  (address, base) => base(address),
  (address, base) => [...octets(address).slice(0, 1).map(base), base(address % 2 ** 24)].join("."),
  (address, base) => [...octets(address).slice(0, 2).map(base), base(address % 2 ** 16)].join("."),
  (address) => `::ffff:${dotted(address)}`,
  (address) => `[::ffff:${dotted(address)}]`,
  (address) => `::FFFF:${Math.floor(address / 2 ** 16).toString(16)}:${(address % 2 ** 16).toString(16)}`,
  (address) => `0:0:0:0:0:ffff:${Math.floor(address / 2 ** 16).toString(16)}:${(address % 2 ** 16).toString(16)}`,
  (address) => `64:ff9b::${dotted(address)}`,
  (address) => `${dotted(address)}.`,
];
const BASES: readonly ((part: number) => string)[] = [
  String,
  (part) => `0x${part.toString(16)}`,
  (part) => `0X${part.toString(16).toUpperCase()}`,
  (part) => `0${part.toString(8)}`,
  (part) => `000${part.toString(8)}`,
];

const within = (low: string, high: string): fc.Arbitrary<number> =>
  fc.integer({ min: numberOf(low), max: numberOf(high) });
const here = fc.oneof(
  within("127.0.0.0", "127.255.255.255"),
  within("0.0.0.0", "0.0.0.255"),
  within("169.254.0.0", "169.254.255.255"),
  fc.constantFrom(numberOf("127.0.0.1"), numberOf("169.254.169.254"), numberOf("100.100.100.200"), numberOf(OWN)),
);
const written = (address: fc.Arbitrary<number>): fc.Arbitrary<string> =>
  fc.tuple(address, fc.constantFrom(...FORMS), fc.constantFrom(...BASES)).map(([one, form, base]) => form(one, base));

/** The addresses that a connection to the host would be made to; none if it is refused, or nobody knows the name. */
async function connectedTo(host: string, allowed = FOREIGN): Promise<readonly string[]> {
  try {
    const { lookup } = permitted(host, allowed);
    const bare = host.replace(/^\[|\]$/g, "");
    if (lookup === undefined || isIP(bare) !== 0) return [bare];
    return await new Promise((done) =>
      lookup(bare, { all: true }, (error, found) =>
        done(error !== null || typeof found === "string" ? [] : found.map(({ address }) => address)),
      ),
    );
  } catch {
    return [];
  }
}

describe("addresses in every form", () => {
  it("of this machine and of its link are not connected to", async () => {
    await fc.assert(
      fc.asyncProperty(written(here), async (host) => {
        expect(await connectedTo(host)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it("of other machines are", async () => {
    const address = fc.oneof(within("1.0.0.0", "9.255.255.255"), within("10.0.0.0", "10.255.255.255"));
    await fc.assert(
      fc.asyncProperty(address, async (one) => {
        for (const host of [dotted(one), `[::ffff:${dotted(one)}]`]) expect(await connectedTo(host)).toHaveLength(1);
        expect(reachOf(dotted(one))).toBe("elsewhere");
      }),
    );
  });

  it.each(["localhost", "LOCALHOST.", "a.localhost", "::1", "[::]", "fe80::1%lo", "fd00:ec2::254", "/run/x.sock", "0"])(
    "%s is not connected to",
    async (host) => expect(await connectedTo(host)).toEqual([]),
  );

  it("a party may name where it is itself, once it was there", () => {
    const party = partyAt(new URL("https://registry.example"));
    const storage = party(new URL("https://storage.example"));
    expect([storage("elsewhere"), storage("loopback"), storage("host"), storage("link")]).toEqual([
      ...[true, false, false, false],
    ]);
    expect(party(new URL("https://registry.example/v2/"))("host")).toBe(true);
    expect([storage("host"), storage("loopback"), storage("link")]).toEqual([true, false, false]);
  });
});

/** A service on loopback alone, which hears everything that is sent to it. */
let victim: Server;
let heard: string;
let connections: number;
const port = (): number => (victim.address() as AddressInfo).port;

beforeAll(async () => {
  victim = createListener((socket) => {
    connections++;
    socket
      .on("error", () => undefined)
      .on("data", (bytes) => {
        heard += bytes.toString("latin1");
        socket.write("-ERR unknown command\r\n");
      });
  });
  await new Promise<void>((done) => victim.listen(0, "127.0.0.1", done));
});
afterAll(() => victim?.close());
afterEach(() => vi.restoreAllMocks());

function resetVictim(): void {
  [heard, connections] = ["", 0];
}

describe("--verify", () => {
  const password = kit(SEED).password();
  const say = (host: string, scheme: string, local = false): ReturnType<typeof verify> => {
    const value = `${scheme}://app:${password}@${host}:${port()}/app`;
    const item = { rule: "url-password", name: "URL", part: Secret.of(password), value: Secret.of(value), local };
    const options = { timeoutMs: 5000, concurrency: 1, endpoints: {}, env: {} };
    return verify({ ...item, beside: () => null }, options, forever);
  };

  it.each(["redis", "rediss", "postgres", "mysql"])(
    "%s: a container's variable reaches no service of this host",
    async (scheme) => {
      resetVictim();
      for (const host of [
        "0x7f.1",
        "0177.0.0.1",
        "0.0",
        "2130706433",
        "127.1",
        "localhost.",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
      ])
        expect(await say(host, scheme)).toMatchObject({ state: "unknown" });
      expect(connections).toBe(0);
    },
  );

  it("a name that leads here is not connected to, however often it is resolved", async () => {
    resetVictim();
    const dns = process.getBuiltinModule("node:dns");
    const answers = ["127.0.0.1", "192.0.2.77"];
    vi.spyOn(dns, "lookup").mockImplementation((...all: readonly unknown[]) => {
      const done = all.at(-1) as (error: null, found: readonly object[]) => void;
      done(null, [{ address: answers.shift() ?? "127.0.0.1", family: 4 }]);
    });
    expect(await say("rebind.example", "redis")).toEqual({
      state: "unknown",
      why: expect.stringMatching(/leads to this machine/),
    });
    expect(connections).toBe(0);
  });

  it("a password goes to no service that does not answer like Redis, and asks for it", async () => {
    resetVictim();
    const said = await say("127.0.0.1", "redis", true);
    expect(said.state).toBe("unknown");
    expect(heard).toContain("PING");
    expect(heard).not.toContain(password);
  });

  it("the link is never asked, even for an application of this machine's own network", async () => {
    expect(await say("169.254.169.254", "redis", true)).toMatchObject({ why: expect.stringMatching(/to its link/) });
  });
});

describe("a registry", () => {
  const login = { username: "app", password: randomBytes(12).toString("hex") };
  let server: ReturnType<typeof createServer>;
  let location: string;
  let realm: string | null = null;

  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume();
      if (realm !== null && request.headers.authorization === undefined)
        response.writeHead(401, { "www-authenticate": `Bearer realm="${realm}",service="x"` }).end();
      else if (request.method === "POST") response.writeHead(202, { location }).end();
      else if (isBlob(request)) response.writeHead(307, { location }).end();
      else response.writeHead(200).end("{}");
    });
    await new Promise<void>((done) => server.listen(0, "0.0.0.0", done));
  });
  afterAll(() => server?.close());

  const isBlob = ({ method, url }: IncomingMessage): boolean => method === "GET" && url?.includes("/blobs/") === true;

  /** A client of the registry under this name of it, with a login, which may do without TLS there. */
  function client(name: string): ReturnType<typeof clientAt> {
    const host = `${name}:${(server.address() as AddressInfo).port}`;
    const folder = dockerConfig({ ...login, host } as never);
    const daemon = join(folder, "daemon.json");
    writeFileSync(daemon, JSON.stringify({ "insecure-registries": [host] }));
    return clientAt(host, { DOCKER_CONFIG: folder }, { certificates: "/nowhere", daemons: [daemon] });
  }

  const AT = ["127.0.0.1", "localhost", "localhost.", "0x7f.1", "0.0.0.0", "[::ffff:127.0.0.1]"];

  it.skipIf(OWN === "127.0.0.1").each(AT)(
    "sends no upload, read or login to a service of this host: %s",
    async (host) => {
      resetVictim();
      const at = `http://${host}:${port()}/v1/agent/service/register`;
      const evil = client(OWN);
      const body = Buffer.from(JSON.stringify({ Name: "pwned" }));
      const digest = `sha256:${"1".repeat(64)}`;
      location = at;
      await expect(evil.putBlob("app", body, forever)).rejects.toMatchObject({
        code: expect.stringMatching(/malformed|refused|unreachable/),
      });
      await expect(
        evil.putBlob(
          "app",
          (async function* () {
            yield body;
          })(),
          forever,
        ),
      ).rejects.toMatchObject({ code: expect.stringMatching(/malformed|refused|unreachable/) });
      await expect(evil.json("app", { digest, size: 2, mediaType: "x" }, forever)).rejects.toThrow(
        /this machine|no answer/,
      );
      realm = at;
      try {
        await expect(client(OWN).resolve("app", "1", forever)).rejects.toThrow(/this machine|no answer|without TLS/);
      } finally {
        realm = null;
      }
      expect([connections, heard]).toEqual([0, ""]);
    },
  );

  it.each(AT)("on this machine sends no upload to another service of it: %s", async (host) => {
    resetVictim();
    location = `http://${host}:${port()}/v1/agent/service/register`;
    await expect(client("127.0.0.1").putBlob("app", Buffer.from("{}"), forever)).rejects.toMatchObject({
      code: expect.stringMatching(/malformed|refused|unreachable/),
    });
    expect(connections).toBe(0);
  });

  it("sends no upload from https to http, and none to a URL with a login or to a file", async () => {
    const { uploadTarget } = await import("../../src/images/registry/redirect.ts");
    for (const to of [
      "http://registry.example/v2/x",
      "https://a:b@registry.example/",
      "file:///etc/passwd",
      "unix:///run/x",
    ])
      expect(() => uploadTarget({ url: new URL("https://registry.example/v2/"), headers: { location: to } })).toThrow(
        /registry\.example sends uploads/,
      );
    expect(
      uploadTarget({ url: new URL("https://registry.example/v2/"), headers: { location: "/v2/u?x=1" } }).href,
    ).toBe("https://registry.example/v2/u?x=1");
  });
});

describe("notify", () => {
  it("a webhook's credentials go to the host that its configuration names, and not where that one redirects", async () => {
    resetVictim();
    const seen: string[] = [];
    const hook = createServer((request, response) => {
      seen.push(request.url ?? "");
      response.writeHead(307, { location: `http://127.0.0.1:${port()}/` }).end();
    });
    await new Promise<void>((done) => hook.listen(0, "127.0.0.1", done));
    const { post } = await import("../../src/notify/post.ts");
    const url = new URL(`http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`);
    const token = randomBytes(12).toString("hex");
    const sent = post(
      { url, headers: { authorization: token }, body: "{}" },
      { env: {}, ca: undefined, name: "n" },
      forever,
    );
    await expect(sent).rejects.toThrow(/redirects \(307\), which is not followed/);
    expect([seen, connections]).toEqual([["/hook"], 0]);
    hook.close();
  });
});

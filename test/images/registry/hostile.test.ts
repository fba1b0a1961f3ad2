import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Registry } from "../../../src/images/registry/client.ts";
import { startRegistry, type TestRegistry } from "../../services/registry.ts";
import { startGate, type Answer, type Gate } from "../../support/gate.ts";
import {
  bytesOf,
  clientAt,
  clientOf,
  dockerConfig,
  forever,
  OCI,
  pushImage,
  sha256,
  type Pushed,
} from "../../support/pushed.ts";

// What the real registry cannot be made to do: a gate in front of it answers instead.

let server: TestRegistry;
let pushed: Pushed;
let gate: Gate;
let answer: Answer = () => false;
const opened: Registry[] = [];

beforeAll(async () => {
  server = await startRegistry();
  pushed = await pushImage(clientOf(server), "app", ["1"], { config: { Env: ["A=1"] } });
  gate = await startGate(server.host, (...all) => answer(...all));
});
afterAll(async () => {
  await gate?.stop();
  await server?.stop();
});
afterEach(() => {
  answer = () => false;
  gate.seen.length = 0;
  for (const one of opened.splice(0)) one.close();
});

function client(): Registry {
  const one = clientAt(gate.host, { DOCKER_CONFIG: dockerConfig({ ...server, host: gate.host }) });
  opened.push(one);
  return one;
}

async function all<T>(of: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of of) found.push(one);
  return found;
}

const blobPath = (): string => `/v2/app/blobs/${pushed.config.digest}`;

describe("redirects", () => {
  it("carry the login to the same host, and never to another", async () => {
    const storage = await startGate(server.host);
    answer = ({ path, headers }, response) => {
      if (!path.startsWith("/v2/app/blobs/")) return false;
      if (headers.authorization === undefined) response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
      else if (!path.includes("again")) response.writeHead(307, { location: `${path}?again` }).end();
      else response.writeHead(307, { location: `http://${storage.host}${path}` }).end();
      return true;
    };
    try {
      expect(await client().json("app", pushed.config, forever)).toMatchObject({ config: { Env: ["A=1"] } });
      const here = gate.seen.filter(({ path }) => path.startsWith(blobPath()));
      expect(here.map(({ headers }) => headers.authorization !== undefined)).toEqual([false, true, true]);
      expect(storage.seen.map(({ path, headers }) => [path, headers.authorization, headers.cookie])).toEqual([
        [`${blobPath()}?again`, undefined, undefined],
      ]);
    } finally {
      await storage.stop();
    }
  });

  it.each([
    ["round and round", (path: string) => path, /more than 5 times/],
    ["to nowhere", () => "http://", /to nowhere/],
    ["to a file", () => "file:///etc/passwd", /not HTTP/],
    ["to a URL with a login", () => "http://a:b@127.0.0.1/", /a login in it/],
  ])("%s are an error", async (_what, to, message) => {
    answer = ({ path }, response) => {
      if (!path.includes("/blobs/")) return false;
      response.writeHead(302, { location: to(path) }).end();
      return true;
    };
    const failed = client().json("app", pushed.config, forever);
    await expect(failed).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringMatching(message) as string,
    });
  });
});

describe("a busy or failing registry", () => {
  it("is asked again after as long as it says, by all requests", async () => {
    let refused = 0;
    answer = ({ path }, response) => {
      if (!path.includes("/manifests/") || refused >= 2) return false;
      refused++;
      response.writeHead(429, { "retry-after": "1" }).end();
      return true;
    };
    const began = Date.now();
    expect((await client().manifest("app", "1", forever)).digest).toBe(pushed.digest);
    expect(Date.now() - began).toBeGreaterThanOrEqual(1900);
  });

  it("that asks to wait for hours is not waited for", async () => {
    answer = (_request, response) => {
      response.writeHead(429, { "retry-after": "21600" }).end();
      return true;
    };
    await expect(client().manifest("app", "1", forever)).rejects.toMatchObject({
      code: "throttled",
      message: expect.stringContaining("21600 s") as string,
    });
    expect(gate.lines().filter((line) => line.includes("/manifests/"))).toHaveLength(1);
  });

  it.each([500, 502, 503, 504])(
    "is asked again after a %i, and after a connection that broke off in the middle",
    async (status) => {
      let failures = 0;
      answer = ({ path }, response) => {
        if (!path.includes("/blobs/") || failures >= 2) return false;
        failures++;
        if (failures === 1) response.writeHead(status).end("oops");
        else {
          response.writeHead(200, { "content-length": String(pushed.config.size) });
          response.write("{", () => response.destroy());
        }
        return true;
      };
      expect(await client().json("app", pushed.config, forever)).toMatchObject({ config: { Env: ["A=1"] } });
      expect(failures).toBe(2);
    },
  );

  it("that goes on failing is unreachable; a 4xx is asked once", async () => {
    answer = ({ path }, response) => {
      response.writeHead(path.includes("/blobs/") ? 500 : 400).end("the server's own words");
      return true;
    };
    await expect(client().json("app", pushed.config, forever)).rejects.toMatchObject({ code: "unreachable" });
    gate.seen.length = 0;
    const failed = client().manifest("app", "1", forever);
    await expect(failed).rejects.toMatchObject({ code: "malformed" });
    await expect(failed).rejects.not.toThrow(/own words/);
    expect(gate.lines().filter((line) => line.includes("/manifests/"))).toHaveLength(1);
  });

  it("is given up when it answers nothing any more", async () => {
    const gone = await startGate(null, (_request, response) => {
      response.destroy();
      return true;
    });
    const one = clientAt(gone.host);
    const failed = await Promise.allSettled(Array.from({ length: 30 }, () => one.manifest("app", "1", forever)));
    expect(failed.some((each) => each.status === "rejected" && /has stopped answering/.test(String(each.reason)))).toBe(
      true,
    );
    one.close();
    await gone.stop();
  });

  it("tells how many pulls are left", async () => {
    const one = client();
    answer = ({ path }, response) => {
      if (path.includes("/manifests/"))
        for (const [name, value] of [
          ["ratelimit-limit", "100;w=21600"],
          ["ratelimit-remaining", "76;w=21600"],
        ] as const)
          response.setHeader(name, value);
      return false;
    };
    await one.manifest("app", "1", forever);
    expect(one.notes).toEqual([`${gate.host}: 76 of 100 pulls left in 6 h`]);
  });
});

describe("lists in pages", () => {
  const page =
    (names: readonly string[], link: string | null): Answer =>
    (request, response) => {
      if (!request.path.includes("/tags/list")) return false;
      const last = new URL(request.path, "http://x").searchParams.get("last");
      const at = last === null ? 0 : names.indexOf(last) + 1;
      const more = at + 2 < names.length;
      const next = link?.replace("{last}", names[at + 1] ?? "") ?? null;
      response
        .writeHead(200, { ...(next !== null && (more || !next.includes("last=")) ? { link: next } : {}) })
        .end(JSON.stringify({ name: "app", tags: names.slice(at, at + 2) }));
      return true;
    };
  const names = ["a", "b", "c", "d", "e"];

  it.each([
    ["relative", '</v2/app/tags/list?last={last}&n=2>; rel="next"'],
    ["without a slash", "<list?last={last}>; rel=next"],
    ["absolute", '<http://HOST/v2/app/tags/list?last={last}>;rel="next"'],
    ["among others", '<https://x/>; rel="prev", </v2/app/tags/list?last={last}>; title=a; rel="next"'],
  ])("are followed: %s", async (_what, link) => {
    answer = page(names, link.replace("HOST", gate.host));
    expect(await all(client().tags("app", forever))).toEqual(names);
  });

  it.each([
    ["to another host", '<http://127.0.0.1:1/v2/app/tags/list>; rel="next"', /another host/],
    ["round in circles", '</v2/app/tags/list?n=1000>; rel="next"', /circles/],
    ["to no URL", '<http://[>; rel="next"', /not a URL/],
  ])("are not followed %s", async (_what, link, message) => {
    answer = page(names, link);
    await expect(all(client().tags("app", forever))).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringMatching(message) as string,
    });
  });

  it("come from the real registry page by page", async () => {
    const own = clientOf(server);
    for (const at of [1, 2, 3]) await pushImage(own, `paged/r${at}`, ["1"], {});
    const small = await startGate(server.host, (request) => {
      Object.assign(request, { path: request.path.replace("n=1000", "n=2") });
      return false;
    });
    const one = clientAt(small.host);
    expect((await all(one.repositories(forever))).filter((name) => name.startsWith("paged/"))).toHaveLength(3);
    expect(small.lines().filter((line) => line.includes("_catalog")).length).toBeGreaterThan(1);
    one.close();
    own.close();
    await small.stop();
  });

  it.each(["[]", '{"tags":5}', '{"tags":[1]}', "<html>", '{"tags":{"a":1}}'])("are an error as %s", async (body) => {
    answer = ({ path }, response) => {
      if (!path.includes("/tags/list")) return false;
      response.writeHead(200).end(body);
      return true;
    };
    await expect(all(client().tags("app", forever))).rejects.toMatchObject({ code: "malformed" });
  });
});

describe("hostile answers", () => {
  const endless: Answer = (_request, response) => {
    response.writeHead(200, { "content-type": OCI.manifest });
    const more = (): void => {
      while (response.write(Buffer.alloc(65_536, " ")));
    };
    response.on("drain", more).on("error", () => undefined);
    more();
    return true;
  };

  it("a body without an end is cut off", async () => {
    answer = (request, response, raw) => (request.path === "/v2/" ? false : endless(request, response, raw));
    await expect(client().manifest("app", "1", forever)).rejects.toMatchObject({ code: "malformed" });
    await expect(client().json("app", pushed.config, forever)).rejects.toMatchObject({ code: "malformed" });
    await expect(all(client().tags("app", forever))).rejects.toMatchObject({ code: "malformed" });
    await expect(all(client().blob("app", pushed.config, forever))).rejects.toMatchObject({ code: "malformed" });
  });

  it("one that says it is large is not begun", async () => {
    answer = ({ path }, response) => {
      if (!path.includes("/manifests/")) return false;
      response.writeHead(200, { "content-length": String(5 * 1024 * 1024) });
      response.write(" ");
      return true;
    };
    const one = client();
    await expect(one.manifest("app", "1", forever)).rejects.toMatchObject({ code: "malformed" });
    expect(one.bytesRead).toBeLessThan(10_000);
  });

  it("a configuration that is said to be larger than any is not fetched", async () => {
    const huge = { ...pushed.config, size: 9 * 1024 * 1024 };
    await expect(client().json("app", huge, forever)).rejects.toMatchObject({ code: "malformed" });
    expect(gate.lines().filter((line) => line.includes("/blobs/"))).toEqual([]);
  });

  it.each([
    ["another manifest than its digest", bytesOf({ schemaVersion: 2 }), undefined],
    ["a digest in its header that is not the body's", null, sha256(Buffer.of(1))],
    ["no JSON", Buffer.from("<html>"), undefined],
    ["a list", Buffer.from("[]"), undefined],
  ])("%s is an error", async (_what, body, digest) => {
    const real = (await client().manifest("app", "1", forever)).bytes;
    answer = ({ path }, response) => {
      if (!path.includes("/manifests/")) return false;
      response
        .writeHead(200, { "content-type": OCI.manifest, ...(digest ? { "docker-content-digest": digest } : {}) })
        .end(body ?? real);
      return true;
    };
    const reference = digest ? "1" : pushed.digest;
    await expect(client().manifest("app", reference, forever)).rejects.toMatchObject({ code: "malformed" });
  });

  it("a flood of headers is an error", async () => {
    answer = ({ path }, response) => {
      if (!path.includes("/manifests/")) return false;
      for (let at = 0; at < 2000; at++) response.setHeader(`x-flood-${at}`, "y".repeat(100));
      response.end("{}");
      return true;
    };
    await expect(client().manifest("app", "1", forever)).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringContaining("HPE_HEADER_OVERFLOW") as string,
    });
  });

  it("a registry that names no digest for a tag is asked for the manifest", async () => {
    answer = ({ method, path }, response) => {
      if (method !== "HEAD" || !path.includes("/manifests/")) return false;
      response.writeHead(200).end();
      return true;
    };
    expect(await client().resolve("app", "1", forever)).toBeNull();
  });
});

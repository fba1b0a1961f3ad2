import { describe, expect, test } from "vitest";
import type { RunChange } from "../../../src/contract/delivery.ts";
import { createBody } from "../../../src/engine/recreate/body.ts";
import type { ContainerDoc, ImageDoc } from "../../../src/engine/types.ts";

const NONE: RunChange = {
  unset: [],
  set: [],
  mounts: [],
  entrypointPrefix: null,
  healthcheckPrefix: null,
  runtime: null,
};
const ID = "a".repeat(64);
const IMAGE = {
  Id: "sha256:1",
  Config: {
    Env: ["PATH=/bin", "A=image"],
    Labels: { a: "image" },
    Entrypoint: ["/e"],
    Healthcheck: { Test: ["CMD", "true"] },
  },
} as ImageDoc;

type Body = {
  readonly Env: readonly string[];
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd: readonly string[] | null;
  readonly Hostname?: string;
  readonly Healthcheck?: { readonly Test: readonly string[] };
  readonly HostConfig: { readonly [key: string]: unknown };
  readonly NetworkingConfig?: { readonly EndpointsConfig: { readonly [name: string]: object } };
} & { readonly [key: string]: unknown };

function container(part: {
  readonly Config?: object;
  readonly HostConfig?: object;
  readonly [key: string]: unknown;
}): ContainerDoc {
  const { Config, HostConfig, ...rest } = part;
  return {
    Id: ID,
    Name: "/web",
    Image: "sha256:1",
    State: {},
    ...rest,
    Config: { Env: [], Hostname: ID.slice(0, 12), ...Config },
    HostConfig: { NetworkMode: "default", ...HostConfig },
  } as unknown as ContainerDoc;
}

function body(
  part: Parameters<typeof container>[0],
  change: Partial<RunChange> = {},
  version = "1.44",
): { readonly body: Body; readonly later: ReturnType<typeof createBody>["connectLater"] } {
  const made = createBody(container(part), IMAGE, "app:1", { ...NONE, ...change }, version);
  return { body: made.body as Body, later: made.connectLater };
}

const TWO = {
  HostConfig: { NetworkMode: "front" },
  NetworkSettings: {
    Networks: {
      back: {
        IPAMConfig: null,
        Aliases: ["db-client", ID.slice(0, 12)],
        IPAddress: "10.1.0.9",
        MacAddress: "02:42:0a:01:00:09",
        EndpointID: "x",
        NetworkID: "y",
      },
      front: {
        IPAMConfig: { IPv4Address: "10.0.0.7" },
        Aliases: [ID.slice(0, 12)],
        IPAddress: "10.0.0.7",
        GwPriority: 5,
        DriverOpts: { a: "b" },
      },
    },
  },
};

describe("networks", () => {
  test("of an engine from API 1.44 on are all given at create: what was asked for, not what was assigned", () => {
    const { body: made, later } = body(TWO);
    expect(made.NetworkingConfig?.EndpointsConfig).toEqual({
      front: { IPAMConfig: { IPv4Address: "10.0.0.7" }, DriverOpts: { a: "b" }, GwPriority: 5 },
      back: { Aliases: ["db-client"] },
    });
    expect(later).toEqual([]);
  });

  test.each(["1.43", "1.41", "1.24"])(
    "of an engine of API %s: the one that NetworkMode names, the others later",
    (version) => {
      const { body: made, later } = body(TWO, {}, version);
      expect(Object.keys(made.NetworkingConfig?.EndpointsConfig ?? {})).toEqual(["front"]);
      expect(later).toEqual([{ network: "back", endpoint: { Aliases: ["db-client"] } }]);
    },
  );

  test.each(["1.44", "1.45", "1.100", "2.0"])("API %s takes many", (version) => {
    expect(body(TWO, {}, version).later).toEqual([]);
  });

  test.each(["host", "none", `container:${"b".repeat(64)}`])(
    "of mode %s are none of the container's own",
    (NetworkMode) => {
      expect(
        body({ HostConfig: { NetworkMode }, NetworkSettings: { Networks: { x: {} } } }).body.NetworkingConfig,
      ).toBeUndefined();
    },
  );

  test("a MAC address that was asked for goes to the network that NetworkMode names", () => {
    const { body: made } = body({ ...TWO, Config: { MacAddress: "02:42:00:00:00:07" } });
    expect(made.NetworkingConfig?.EndpointsConfig).toMatchObject({ front: { MacAddress: "02:42:00:00:00:07" } });
    expect(made.NetworkingConfig?.EndpointsConfig["back"]).not.toHaveProperty("MacAddress");
    expect(made).not.toHaveProperty("MacAddress");
  });

  const second = (MacAddress: string, EndpointID: string): Parameters<typeof body>[0] => ({
    HostConfig: { NetworkMode: "front" },
    NetworkSettings: { Networks: { front: {}, back: { MacAddress, EndpointID } } },
  });

  test.each([
    ["asked for", "06:00:00:00:00:01", "x", "1.47", "06:00:00:00:00:01"],
    ["made by the engine", "02:42:0a:01:00:09", "x", "1.47", undefined],
    ["made by an engine that makes random ones", "06:00:00:00:00:01", "x", "1.48", undefined],
    ["asked for, before the first start", "02:42:0a:01:00:09", "", "1.48", "02:42:0a:01:00:09"],
  ])("a MAC address of another network that was %s", (_what, mac, endpoint, version, kept) => {
    const { body: made } = body(second(mac, endpoint), {}, version);
    const { back } = (made.NetworkingConfig ?? { EndpointsConfig: {} }).EndpointsConfig as {
      back: { MacAddress?: string };
    };
    expect(back.MacAddress).toBe(kept);
  });

  test("an alias is kept, the short id and the hostname behind it are the engine's", () => {
    const aliases = (...Aliases: string[]): unknown =>
      body({
        Config: { Hostname: "web" },
        HostConfig: { NetworkMode: "front" },
        NetworkSettings: { Networks: { front: { Aliases } } },
      }).body.NetworkingConfig?.EndpointsConfig["front"];
    expect(aliases("db", ID.slice(0, 12), "web")).toEqual({ Aliases: ["db"] });
    expect(aliases("web", "db", ID.slice(0, 12))).toEqual({ Aliases: ["web", "db"] });
    expect(aliases("web")).toEqual({ Aliases: ["web"] });
  });

  test("links are given as create wants them", () => {
    expect(body({ HostConfig: { Links: ["/db:/web/store"] } }).body.HostConfig["Links"]).toEqual(["db:store"]);
  });
});

describe("what the image gives", () => {
  test("is given again, in its order: the engine merges an image in only where nothing is set", () => {
    const Config = {
      Env: ["A=own", "PATH=/bin", "A", "B=1"],
      Labels: { a: "image", b: "1" },
      Cmd: [],
      Healthcheck: { Test: ["CMD", "true"] },
    };
    expect(body({ Config }).body).toMatchObject(Config);
  });

  test("an entrypoint that was cleared stays cleared", () => {
    expect(body({ Config: { Entrypoint: null, Cmd: ["x"] } }).body.Entrypoint).toEqual([""]);
    expect(body({ Config: { Entrypoint: [], Cmd: ["x"] } }).body.Entrypoint).toEqual([]);
    expect(body({ Config: { Entrypoint: ["/e"], Cmd: ["x"] } }).body.Entrypoint).toEqual(["/e"]);
  });
});

describe("what Podman adds", () => {
  const Env = ["container=podman", `HOSTNAME=${ID.slice(0, 12)}`, "HOME=", "A=1"];

  test("is not given again", () => {
    expect(body({ Config: { Env }, HostConfig: { Runtime: "oci" } }).body.Env).toEqual(["A=1"]);
  });

  test("stays where Docker's container has it by its own configuration", () => {
    expect(body({ Config: { Env }, HostConfig: { Runtime: "runc" } }).body.Env).toEqual(Env);
  });
});

describe("the hostname", () => {
  test("that the engine made is left to it, one that was given is kept", () => {
    expect(body({}).body).not.toHaveProperty("Hostname");
    expect(body({ Config: { Hostname: "given" } }).body.Hostname).toBe("given");
  });

  test("and exposed ports are another container's where its network is shared", () => {
    const { body: made } = body({
      Config: { Hostname: "theirs", Domainname: "d", ExposedPorts: { "80/tcp": {} } },
      HostConfig: { NetworkMode: "container:b" },
    });
    for (const name of ["Hostname", "Domainname", "ExposedPorts"]) expect(made).not.toHaveProperty(name);
  });
});

describe("a change", () => {
  test("unsets, replaces in place and adds variables", () => {
    const change = {
      unset: ["GONE"],
      set: [
        { name: "B", value: "ref" },
        { name: "NEW_FILE", value: "/run/secrets/NEW" },
      ],
    };
    expect(body({ Config: { Env: ["PATH=/bin", "GONE=x", "B=y", "C=z", "B=y2"] } }, change).body.Env).toEqual([
      "PATH=/bin",
      "B=ref",
      "C=z",
      "NEW_FILE=/run/secrets/NEW",
    ]);
  });

  test("sets a variable even to what the image has", () => {
    expect(body({ Config: { Env: ["A=own"] } }, { set: [{ name: "A", value: "image" }] }).body.Env).toEqual([
      "A=image",
    ]);
  });

  test("mounts read-only, beside what is mounted", () => {
    const Mounts = [{ Type: "tmpfs", Target: "/t" }];
    const { body: made } = body({ HostConfig: { Mounts } }, { mounts: [{ source: "/s", target: "/run/secrets" }] });
    expect(made.HostConfig["Mounts"]).toEqual([
      ...Mounts,
      { Type: "bind", Source: "/s", Target: "/run/secrets", ReadOnly: true },
    ]);
  });

  test("puts a prefix before the entrypoint and before the health check, whatever its kind", () => {
    const prefix = ["/bin/sh", "/run/unsprawl/entrypoint"];
    const change = { entrypointPrefix: prefix, healthcheckPrefix: prefix };
    const check = (Test: readonly string[]): readonly string[] | undefined =>
      body({ Config: { Entrypoint: ["/e", "x"], Cmd: ["c"], Healthcheck: { Test, Interval: 7 } } }, change).body
        .Healthcheck?.Test;
    expect(check(["CMD", "probe", "-x"])).toEqual(["CMD", ...prefix, "probe", "-x"]);
    expect(check(["CMD-SHELL", "probe | grep ok"])).toEqual(["CMD", ...prefix, "/bin/sh", "-c", "probe | grep ok"]);
    expect(check(["NONE"])).toEqual(["NONE"]);
    const { body: made } = body({ Config: { Entrypoint: ["/e", "x"], Cmd: ["c"] } }, change);
    expect([made.Entrypoint, made.Cmd]).toEqual([[...prefix, "/e", "x"], ["c"]]);
  });

  test("runs a health check's text in the container's own shell", () => {
    const Config = { Shell: ["/bin/bash", "-ec"], Healthcheck: { Test: ["CMD-SHELL", "probe"] } };
    expect(body({ Config }, { healthcheckPrefix: ["/p"] }).body.Healthcheck).toEqual({
      Test: ["CMD", "/p", "/bin/bash", "-ec", "probe"],
    });
  });

  test("keeps a health check's image default when it is put behind a prefix", () => {
    const { body: made } = body({ Config: { Healthcheck: { Test: ["CMD", "true"] } } }, { healthcheckPrefix: ["/p"] });
    expect(made.Healthcheck).toEqual({ Test: ["CMD", "/p", "true"] });
  });

  test("sets the runtime, or leaves it", () => {
    expect(body({ HostConfig: { Runtime: "runc" } }, { runtime: "unsprawl" }).body.HostConfig["Runtime"]).toBe(
      "unsprawl",
    );
    expect(body({ HostConfig: { Runtime: "kata" } }).body.HostConfig["Runtime"]).toBe("kata");
  });
});

test("anonymous volumes are named by what holds their data, others are left", () => {
  const { body: made } = body({
    Config: { Volumes: { "/a": {}, "/b": {}, "/c": {} } },
    HostConfig: { Binds: ["named:/b"], Mounts: [{ Type: "volume", Target: "/d" }] },
    Mounts: [
      { Type: "volume", Name: "hash-a", Destination: "/a", RW: true },
      { Type: "volume", Name: "named", Destination: "/b", RW: true },
      { Type: "volume", Name: "hash-c", Destination: "/c", RW: false },
      { Type: "volume", Name: "hash-d", Destination: "/d", RW: true },
      { Type: "volume", Name: "from-another", Destination: "/e", RW: true },
    ],
  });
  expect(made.HostConfig["Binds"]).toEqual(["named:/b", "hash-a:/a", "hash-c:/c:ro"]);
  expect(made.HostConfig["Mounts"]).toEqual([{ Type: "volume", Target: "/d", Source: "hash-d" }]);
});

test("nothing that was given is changed", () => {
  const old = container({ ...TWO, Config: { Env: ["A=1"], Entrypoint: ["/e"] } });
  const before = structuredClone(old);
  createBody(old, IMAGE, "app:1", { ...NONE, unset: ["A"], entrypointPrefix: ["/p"] }, "1.41");
  expect(old).toEqual(before);
});

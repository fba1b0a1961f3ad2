import fc from "fast-check";
import { expect, test } from "vitest";
import * as frames from "../../../migrations/compose/engine/frame.ts";
import { createBody, NO_CHANGE } from "../../../src/engine/recreate/body.ts";
import { differences, itemsOf, type DocumentFields, type Tolerance } from "../../../src/engine/recreate/compare.ts";
import { unlikeRequest } from "../../../src/engine/recreate/same.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import type { JsonObject } from "../../../src/kit/json-object.ts";
import { fingerprintKey } from "../../../src/model/fingerprint.ts";
import { SEED } from "../../support/deep.ts";

const KEY = fingerprintKey(Buffer.alloc(32, 7));
const some = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const words = fc.uniqueArray(some("a", "b", "c"), { maxLength: 3 });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null | undefined> => fc.oneof(value, some(null, undefined));
const host = (name: string): string => `HostConfig.${name}`;

const HOST = {
  Privileged: maybe(fc.boolean()),
  CapAdd: maybe(words),
  CapDrop: maybe(words),
  MaskedPaths: maybe(words),
  ReadonlyPaths: maybe(words),
  GroupAdd: maybe(words),
  Sysctls: maybe(some({}, { a: "1" }, { a: "1", b: "2" }, { b: "2", a: "1" })),
  Memory: maybe(some(0, 1, 2)),
  Ulimits: maybe(some([], [{ Name: "nofile", Soft: 1, Hard: 2 }])),
  LogConfig: some(
    { Type: "json-file", Config: {} },
    { Type: "syslog", Config: { "syslog-address": "udp://a" } },
    { Type: "json-file", Config: { "max-size": "1m" } },
  ),
  NetworkMode: some("net", "host", `container:${"c".repeat(64)}`),
  IpcMode: some("", "private", "host"),
  RestartPolicy: some({ Name: "no", MaximumRetryCount: 0 }, { Name: "always" }),
  Links: maybe(some(["/db:/web/db"], ["/db:/web/db", "/x:/web/y"], ["db:db"])),
  PortBindings: maybe(some({}, { "80/tcp": [{ HostIp: "", HostPort: "80" }] }, { "80/tcp": null })),
  Runtime: some("runc", "other"),
  VolumesFrom: maybe(words),
  Fresh: maybe(some("x", "y")),
};
const CONFIG = {
  User: some("", "1", "0"),
  Hostname: some("a".repeat(12), "web"),
  Env: maybe(fc.array(some("PW=x", "A=1", "A=2", "B"), { maxLength: 3 })),
  Entrypoint: maybe(words),
  Cmd: maybe(words),
  Labels: maybe(some({}, { a: "1" }, { a: "" }, { "com.docker.compose.config-hash": "1", a: "1" })),
  Healthcheck: maybe(some({ Test: ["CMD-SHELL", "true"] }, { Test: ["CMD", "/bin/sh", "-c", "true"], Interval: 1 })),
  ExposedPorts: maybe(some({}, { "80/tcp": {} })),
  Volumes: maybe(some({}, { "/v": {} })),
};
const mount = fc.record({
  Type: some("volume", "bind"),
  Name: some("v", "w"),
  Source: some("/x", "/etc"),
  Destination: some("/v", "/d"),
  RW: fc.boolean(),
  Mode: some("", "z", "Z"),
});
const endpoint = fc.record({
  IPAMConfig: some(null, { IPv4Address: "10.0.0.2" }),
  Aliases: maybe(words),
  Links: maybe(some(["db:db"], ["/db:/web/db"])),
  DriverOpts: maybe(some({}, { a: "1" })),
  MacAddress: some("", "02:42:00:00:00:01"),
});
const container: fc.Arbitrary<ContainerDoc> = fc
  .record({
    Id: some("a".repeat(64), "b".repeat(64)),
    Image: some("sha256:1", "sha256:2"),
    Config: fc.record(CONFIG),
    HostConfig: fc.record(HOST),
    Mounts: fc.uniqueArray(mount, { maxLength: 2, selector: ({ Destination }) => Destination }),
    NetworkSettings: fc.record({ Networks: fc.dictionary(some("net", "shop"), endpoint, { maxKeys: 2 }) }),
  })
  .map(
    (drawn) =>
      ({
        ...{ Name: "/web", State: { Status: "created", Running: false, Paused: false } },
        ...drawn,
      }) as unknown as ContainerDoc,
  );
/** Mostly the same as the other, so that single fields decide. */
const pair = fc
  .tuple(container, container, fc.uniqueArray(some(...Object.keys(HOST), ...Object.keys(CONFIG))))
  .map(([old, other, kept]): readonly [ContainerDoc, ContainerDoc] => {
    const own = (from: JsonObject): JsonObject =>
      Object.fromEntries(Object.entries(from).filter(([name]) => !kept.includes(name)));
    const Config = { ...other.Config, ...own(old.Config) };
    return [old, { ...other, Config, HostConfig: { ...other.HostConfig, ...own(old.HostConfig) } }];
  });
const RUNS = { numRuns: 500, seed: SEED };

const frame = (doc: ContainerDoc): frames.ContainerFrame =>
  frames.frameOf(doc, { change: NO_CHANGE, moved: ["PW"], delivered: false, names: new Map(), key: KEY });

test("a container is like itself, and with drift differs in less than without", () => {
  fc.assert(
    fc.property(pair, fc.option(container), ([old, fresh], filled) => {
      const [a, b, c] = [frame(old), frame(fresh), filled && frame(filled)];
      expect(frames.frameDifferences(a, a, false)).toEqual([]);
      const strict = frames.frameDifferences(a, b, false, c);
      expect(strict).toEqual(expect.arrayContaining(frames.frameDifferences(a, b, true, c)));
      const isFreshAnother = a[host("Fresh")]?.join() !== b[host("Fresh")]?.join();
      expect(frames.frameDifferences(a, b, true, c).includes(host("Fresh"))).toBe(isFreshAnother);
    }),
    RUNS,
  );
});

test("a container that is what was requested lacks nothing, and one without a setting lacks that one", () => {
  fc.assert(
    fc.property(container, some("1.41", "1.44"), fc.nat(), (old, version, nth) => {
      const body = createBody(old, { Id: old.Image }, "i", NO_CHANGE, version);
      const { HostConfig, NetworkingConfig: _networks, Image: _image, ...Config } = body.body;
      const fresh = { ...old, Config, HostConfig } as ContainerDoc;
      const lost = unlikeRequest(old, fresh, body);
      expect(lost.filter((one) => !one.startsWith("MacAddress"))).toEqual([]);
      expect(lost.length > 0).toBe(body.connectLater.some(({ endpoint }) => endpoint.MacAddress));
      const set = Object.entries(old.HostConfig).filter(([, value]) => itemsOf(value).length > 0);
      const [name = ""] = set[nth % set.length] ?? [];
      const without = { ...fresh, HostConfig: { ...fresh.HostConfig, [name]: undefined } };
      expect(unlikeRequest(old, without, body)).toContain(host(name));
    }),
    RUNS,
  );
});

const fields: fc.Arbitrary<DocumentFields> = fc.dictionary(
  some("a", "b", "the network x", "the network y"),
  fc.uniqueArray(some("1", "2", "3")).map((items) => items.toSorted()),
);

test.each<[Tolerance, (was: readonly string[], is: readonly string[]) => boolean]>([
  ["equal", (was, is) => was.join() === is.join()],
  ["may shrink", (was, is) => is.every((item) => was.includes(item))],
  ["may grow", (was, is) => was.every((item) => is.includes(item))],
  ["may change", (was, is) => was.length > 0 || is.length === 0],
  ["may differ", () => true],
])("a field that is %s is held to that, and one that no table names to be equal", (tolerance, isHeld) => {
  fc.assert(
    fc.property(fields, fields, (was, is) => {
      const wrong = differences(was, is, { a: tolerance });
      expect(wrong.includes("a")).toBe(!isHeld(was["a"] ?? [], is["a"] ?? []));
      expect(wrong.includes("b")).toBe((was["b"] ?? []).join() !== (is["b"] ?? []).join());
      const networks = differences(was, is, { "the network ": tolerance });
      expect(networks.includes("the network x")).toBe(!isHeld(was["the network x"] ?? [], is["the network x"] ?? []));
      expect(differences(was, was)).toEqual([]);
    }),
    { seed: SEED },
  );
});

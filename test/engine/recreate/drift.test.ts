import { expect, test } from "vitest";
import { driftDigest } from "../../../src/engine/recreate/drift.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import { fingerprintKey } from "../../../src/model/fingerprint.ts";

const key = fingerprintKey(Buffer.alloc(32, 7));

type Part = { readonly [name: string]: unknown };

/** A container in a network, with what its endpoint, its host configuration and the rest have besides. */
function digest(endpoint: Part = {}, host: Part = {}, rest: Part = {}): string {
  const doc = {
    Id: "a".repeat(64),
    Name: "/web",
    Image: "sha256:1",
    State: { Status: "running" },
    Config: { Env: ["A=1"], Labels: { a: "1" } },
    HostConfig: { NetworkMode: "shop", Links: ["/db:/web/db", "/mq:/web/mq"], ...host },
    NetworkSettings: { Networks: { shop: { Aliases: ["web"], IPAddress: "10.0.0.2", ...endpoint } } },
    ...rest,
  };
  return driftDigest(doc as unknown as ContainerDoc, key);
}

const own = digest();

test.each<[what: string, changed: string]>([
  ["an alias in a network", digest({ Aliases: ["web", "shop"] })],
  ["no alias any more", digest({ Aliases: null })],
  ["a fixed address", digest({ IPAMConfig: { IPv4Address: "10.0.0.9" } })],
  ["a link in a network", digest({ Links: ["db:db"] })],
  ["an option of the network's driver", digest({ DriverOpts: { a: "1" } })],
  ["a network", digest({}, {}, { NetworkSettings: { Networks: { shop: { Aliases: ["web"] }, other: {} } } })],
  ["a mount", digest({}, { Binds: ["/a:/a"] })],
  ["a setting of the host that this version does not know", digest({}, { Fresh: true })],
  ["a link", digest({}, { Links: ["/db:/web/db"] })],
  ["a variable", digest({}, {}, { Config: { Env: ["A=2"], Labels: { a: "1" } } })],
  ["a label", digest({}, {}, { Config: { Env: ["A=1"], Labels: { a: "2" } } })],
  ["its name", digest({}, {}, { Name: "/other" })],
  ["its image", digest({}, {}, { Image: "sha256:2" })],
  ["the container itself, made again", digest({}, {}, { Id: "b".repeat(64) })],
])("what a person changes is drift: %s", (_what, changed) => {
  expect(changed).not.toBe(own);
});

test.each<[what: string, changed: string]>([
  ["its address", digest({ IPAddress: "10.0.0.3" })],
  ["whether it runs", digest({}, {}, { State: { Status: "exited" } })],
  ["the order of links", digest({}, { Links: ["/mq:/web/mq", "/db:/web/db"] })],
])("what the engine changes is none: %s", (_what, changed) => {
  expect(changed).toBe(own);
});

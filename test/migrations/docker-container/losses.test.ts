import { describe, expect, test } from "vitest";
import { changedPlaces, lostPorts } from "../../../src/engine/recreate/losses.ts";
import { rewrittenByCommand } from "../../../src/engine/recreate/rewritten-at-start.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";

const container = (part: object): ContainerDoc =>
  ({
    Name: "/web",
    State: { Running: true },
    Config: { WorkingDir: "/made/on/start" },
    HostConfig: {},
    ...part,
  }) as unknown as ContainerDoc;

describe("host ports that the engine chose", () => {
  test.each([
    ["none published", {}, 0],
    ["a fixed one", { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } }, 0],
    ["any", { PortBindings: { "80/tcp": [{ HostPort: "" }] } }, 1],
    ["any, said as zero", { PortBindings: { "80/tcp": [{ HostPort: "0" }] } }, 1],
    ["one of a range", { PortBindings: { "80/tcp": [{ HostPort: "8080-8090" }] } }, 1],
    ["one of two", { PortBindings: { "80/tcp": [{ HostPort: "8080" }, {}] } }, 1],
    ["all that are exposed", { PublishAllPorts: true }, 1],
  ])("%s", (_what, HostConfig, losses) => {
    const doc = container({ HostConfig, NetworkSettings: { Ports: { "80/tcp": [], "443/tcp": [] } } });
    expect(lostPorts(doc)).toHaveLength(losses);
    expect(lostPorts({ ...doc, State: { ...doc.State, Running: false } })).toEqual([]);
  });
});

test("of changed places the deepest count, without what the engine made", () => {
  const doc = container({
    Mounts: [{ Destination: "/data/deep" }],
    HostConfig: { Mounts: [{ Target: "/m/" }], Tmpfs: { "/t/u": "" } },
  });
  const paths = [
    "/data",
    "/data/deep",
    "/m",
    "/t",
    "/t/u",
    "/made",
    "/made/on",
    "/made/on/start",
    "/etc",
    "/etc/hosts",
  ];
  const changes = [...paths, "/dev", "/dev/console", "/srv", "/srv/a", "/srv/a/file", "/made/too"];
  const places = changedPlaces(
    doc,
    changes.map((Path) => ({ Path, Kind: 0 })),
  );
  expect(places.map(({ Path }) => Path)).toEqual(["/srv/a/file", "/made/too"]);
});

describe("a file that the start command writes from its beginning", () => {
  const KONG = `eval "echo \\"$(cat ~/temp.yml)\\"" > ~/kong.yml && /docker-entrypoint.sh kong docker-start`;
  test.each<[string, string, object, boolean]>([
    [KONG, "/home/kong/kong.yml", {}, true],
    [KONG, "/root/kong.yml", {}, true],
    [KONG, "/home/kong/other.yml", {}, false],
    [KONG, "/data/kong.yml", {}, false],
    [KONG, "/data/kong.yml", { Env: ["HOME=/data"] }, true],
    ["envsubst < in > /etc/app.conf; exec app", "/etc/app.conf", {}, true],
    ["echo x >app.conf; exec app", "/srv/app.conf", { WorkingDir: "/srv" }, true],
    ["echo x >> /etc/app.conf; exec app", "/etc/app.conf", {}, false],
    ["app 2> /etc/app.conf", "/etc/app.conf", {}, false],
    // Written once, and kept.
    ["[ -f /key ] || openssl rand 9 > /key; exec app", "/key", {}, false],
    ["test -f /key && exec app; openssl rand 9 > /key", "/key", {}, false],
    ["if true; then echo x > /key; fi", "/key", {}, false],
  ])("%s: %s", (text, path, more, is) => {
    const doc = container({ Config: { Entrypoint: ["bash", "-c", text], Cmd: null, ...more } });
    expect(rewrittenByCommand(doc)(path)).toBe(is);
    const other = { ...doc, Config: { ...doc.Config, Entrypoint: ["app", text] } };
    expect(rewrittenByCommand(other)(path)).toBe(false);
  });
});

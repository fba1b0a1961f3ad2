import { expect, test } from "vitest";
import {
  frameDifferences,
  frameOf,
  withDelivery,
  type ContainerFrame,
} from "../../../migrations/compose/engine/frame.ts";
import type { RunChange } from "../../../src/contract/delivery.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import { fingerprintKey } from "../../../src/model/fingerprint.ts";

const KEY = fingerprintKey(Buffer.alloc(32, 7));
const ID = "a".repeat(64);

const NOTHING: RunChange = {
  ...{ unset: [], set: [], mounts: [], entrypointPrefix: null, healthcheckPrefix: null, runtime: null },
};
const SHIM: RunChange = {
  ...NOTHING,
  unset: ["PW"],
  mounts: [{ source: "/run/unsprawl/units/x/files", target: "/run/unsprawl" }],
  entrypointPrefix: ["/bin/sh", "/run/unsprawl/entrypoint"],
  healthcheckPrefix: ["/bin/sh", "/run/unsprawl/entrypoint"],
};

function container(config: object = {}, host: object = {}, more: object = {}): ContainerDoc {
  return {
    ...{ Id: ID, Name: "/web", Image: "sha256:1", State: { Status: "running", Running: true, Paused: false } },
    Config: { Env: ["PW=x", "A=1"], Entrypoint: ["run"], Cmd: ["it"], Hostname: ID.slice(0, 12), ...config },
    HostConfig: { NetworkMode: "net", Runtime: "runc", CapAdd: ["CHOWN"], ...host },
    ...more,
  };
}

const frame = (
  doc: ContainerDoc,
  change = NOTHING,
  delivered = false,
  names = new Map<string, string>(),
): ContainerFrame => frameOf(doc, { change, moved: ["PW"], delivered, names, key: KEY });

test("a delivery, Compose's bookkeeping and the forms in which Compose says the same are no difference", () => {
  const test_ = { Test: ["CMD-SHELL", "true"] };
  const volume = { Type: "volume", Name: "v", Source: "/x", Destination: "/v", RW: true, Mode: "" };
  const old = container(
    { Healthcheck: test_, Labels: { "com.docker.compose.config-hash": "1", a: "1" } },
    { Binds: ["v:/v"] },
    { Mounts: [volume] },
  );
  const bind = { Type: "bind", Source: SHIM.mounts[0]?.source, Destination: "/run/unsprawl", RW: false };
  const fresh: ContainerDoc = {
    ...container(
      {
        Env: ["A=1"],
        Entrypoint: [...(SHIM.entrypointPrefix ?? []), "run"],
        Healthcheck: { Test: ["CMD", ...(SHIM.healthcheckPrefix ?? []), "/bin/sh", "-c", "true"] },
        Labels: { "com.docker.compose.config-hash": "2", "com.docker.compose.replace": "1", a: "1" },
        Hostname: "b".repeat(12),
      },
      { Mounts: [{ Type: "volume", Source: "v", Target: "/v" }] },
      { Mounts: [bind, { ...volume, Mode: "z" }] },
    ),
    Id: "b".repeat(64),
  };
  expect(frameDifferences(withDelivery(frame(old, SHIM), SHIM, KEY), frame(fresh, SHIM, true), false)).toEqual([]);
  // Not as it was before, which an undo has to see.
  expect(frameDifferences(frame(old, SHIM), frame(fresh, SHIM), false)).toEqual(
    expect.arrayContaining(["Config.Entrypoint", "Config.Healthcheck", "Mounts", "delivered"]),
  );
});

test.each<[string, ContainerDoc]>([
  ["HostConfig.Privileged", container({}, { Privileged: true })],
  ["HostConfig.CapAdd", container({}, { CapAdd: ["CHOWN", "SYS_ADMIN"] })],
  ["HostConfig.CapDrop", container({}, { CapDrop: ["NET_RAW"] })],
  ["HostConfig.PidMode", container({}, { PidMode: "host" })],
  ["HostConfig.NetworkMode", container({}, { NetworkMode: "host" })],
  ["HostConfig.IpcMode", container({}, { IpcMode: "host" })],
  ["HostConfig.UsernsMode", container({}, { UsernsMode: "host" })],
  ["HostConfig.CgroupnsMode", container({}, { CgroupnsMode: "host" })],
  ["HostConfig.SecurityOpt", container({}, { SecurityOpt: ["seccomp=unconfined"] })],
  ["HostConfig.Devices", container({}, { Devices: [{ PathOnHost: "/dev/sda" }] })],
  ["HostConfig.DeviceCgroupRules", container({}, { DeviceCgroupRules: ["a *:* rwm"] })],
  ["HostConfig.GroupAdd", container({}, { GroupAdd: ["docker"] })],
  ["HostConfig.Sysctls", container({}, { Sysctls: { "net.ipv4.ip_forward": "1" } })],
  ["HostConfig.Runtime", container({}, { Runtime: "evil" })],
  ["HostConfig.VolumesFrom", container({}, { VolumesFrom: ["victim"] })],
  ["HostConfig.OfALaterEngine", container({}, { OfALaterEngine: ["host"] })],
  ["Config.User", container({ User: "0" })],
  ["Config.Entrypoint", container({ Entrypoint: ["other"] })],
  ["HostConfig.PortBindings", container({}, { PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "80" }] } })],
  ["HostConfig.MaskedPaths", container({}, { MaskedPaths: ["/proc/acpi"] })],
  ["HostConfig.ReadonlyPaths", container({}, { ReadonlyPaths: [] })],
  ["Image", { ...container(), Image: "sha256:2" }],
  ["the log's receiver", container({}, { LogConfig: { Type: "syslog", Config: { "syslog-address": "udp://a" } } })],
  ["the network shop", container({}, {}, { NetworkSettings: { Networks: { shop: {} } } })],
  ["Mounts", container({}, {}, { Mounts: [{ Type: "bind", Source: "/", Destination: "/host", RW: true }] })],
])("%s: more rights are refused, drift or not", (field, fresh) => {
  const old = frame(container({}, { MaskedPaths: ["/proc/acpi", "/proc/keys"], ReadonlyPaths: ["/proc/bus"] }));
  expect(frameDifferences(old, frame(fresh), false)).toContain(field);
  expect(frameDifferences(old, frame(fresh), true)).toContain(field);
});

test("a mount that turns writable is another one; fewer rights, and other settings, are a matter of drift", () => {
  const mount = (RW: boolean): object => ({ Mounts: [{ Type: "bind", Source: "/etc", Destination: "/etc", RW }] });
  expect(frameDifferences(frame(container({}, {}, mount(false))), frame(container({}, {}, mount(true))), true)).toEqual(
    ["Mounts"],
  );
  const [old, fresh] = [
    frame(container({}, { Privileged: true })),
    frame(container({ Env: ["PW=x", "A=2"] }, { CapAdd: [] })),
  ];
  expect(frameDifferences(old, fresh, false)).toEqual(["Config.Env", "HostConfig.CapAdd", "HostConfig.Privileged"]);
  expect(frameDifferences(old, fresh, true)).toEqual([]);
});

test("more masked paths are no right, and neither is what the engine itself fills in now", () => {
  const log = (Type: string, Config: object): object => ({ LogConfig: { Type, Config } });
  const old = frame(container({}, { MaskedPaths: ["/proc/acpi"], ...log("json-file", {}) }));
  const fresh = frame(
    container({}, { MaskedPaths: ["/proc/acpi", "/sys/x"], ...log("json-file", { "max-size": "1m" }) }),
  );
  expect(frameDifferences(old, fresh, false)).toEqual(["HostConfig.LogConfig"]);
  expect(frameDifferences(old, fresh, true)).toEqual([]);
  expect(frameDifferences(old, fresh, false, frame(container({}, log("json-file", { "max-size": "1m" }))))).toEqual([]);
  // Its defaults are no excuse for anything else.
  const other = frame(container({}, log("json-file", { "max-size": "9m" })));
  expect(frameDifferences(old, fresh, false, other)).toEqual(["HostConfig.LogConfig"]);
  expect(
    frameDifferences(old, frame(container({}, { Runtime: "other" })), true, frame(container({}, { Runtime: "other" }))),
  ).toContain("HostConfig.Runtime");
});

test("a shared namespace is the other container's, whatever its id has become", () => {
  const [before, after] = ["c".repeat(64), "d".repeat(64)];
  const of = (id: string): ContainerFrame =>
    frame(
      container({}, { NetworkMode: `container:${id}` }),
      NOTHING,
      false,
      new Map([
        [before, "db"],
        [after, "db"],
      ]),
    );
  expect(frameDifferences(of(before), of(after), false)).toEqual([]);
  expect(frameDifferences(of(before), of("e".repeat(64)), true)).toEqual(["HostConfig.NetworkMode"]);
});

test("nothing of a value is in a frame", () => {
  expect(JSON.stringify(frame(container({ Env: ["PW=x", "A=in-the-clear"] })))).not.toContain("in-the-clear");
});

test("a network that Compose joined by its id is the one that a running container has by its name", () => {
  const id = "b".repeat(64);
  const joined = (name: string): ContainerDoc =>
    container({}, { NetworkMode: name }, { NetworkSettings: { Networks: { [name]: {}, shop: {} } } });
  const names = new Map([[id, "proxy"]]);
  expect(frameDifferences(frame(joined("proxy")), frame(joined(id), NOTHING, false, names), false)).toEqual([]);
  expect(frameDifferences(frame(joined("proxy")), frame(joined(id)), false)).toContain(`the network ${id}`);
});

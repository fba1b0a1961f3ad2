import { expect, it } from "vitest";
import { lostLayer } from "../../src/engine/recreate/losses.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";

// Measured on Podman 5.4: the user that a container runs as is entered once. After a restart the files are as old as the
// container, and not as its start.

const MADE = Date.parse("2026-12-01T08:00:00Z");
const at = (seconds: number): string => new Date(MADE + seconds * 1000).toISOString();

async function losses(runtime: string, writtenAt: number): Promise<readonly string[]> {
  const stat = { name: "passwd", size: 10, mode: 0o644, mtime: at(writtenAt), linkTarget: "" };
  const header = Buffer.from(JSON.stringify(stat)).toString("base64");
  const container = {
    changes: async () => [{ Path: "/etc/passwd", Kind: 0 }],
    infoArchive: async () => ({ headers: { "x-docker-container-path-stat": header } }),
  };
  const engine = {
    call: async (_what: string, act: () => Promise<unknown>) => act(),
    docker: async () => ({ getContainer: () => container }),
  } as unknown as Engine;
  const doc = {
    ...{ Id: "0".repeat(64), Name: "/api", Created: at(0), State: { StartedAt: at(3600) }, Mounts: [] },
    ...{ Config: { Env: ["container=podman"] }, HostConfig: { Runtime: runtime, AutoRemove: false } },
  } as unknown as ContainerDoc;
  return (await lostLayer(engine, doc)).losses.map(({ accept }) => accept);
}

it.each<[what: string, runtime: string, writtenAt: number, lost: readonly string[]]>([
  ["that Podman wrote as it made the container is none", "oci", 1, []],
  ["that Podman wrote at its start is none", "oci", 3601, []],
  ["that somebody wrote in between is one", "oci", 1800, ["layer"]],
  ["of Docker's as old as the container is one", "runc", 1, ["layer"]],
])("a change of /etc/passwd %s", async (_what, runtime, writtenAt, lost) => {
  expect(await losses(runtime, writtenAt)).toEqual(lost);
});

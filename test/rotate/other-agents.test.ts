import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { ContainerDoc } from "../../src/engine/types.ts";
import { otherAgents } from "../../src/rotate/other-agents.ts";

const home = mkdtempSync(join(tmpdir(), "unsprawl-agents-"));
const state = join(home, "unsprawl");
afterAll(() => rmSync(home, { recursive: true }));

function doc(command: string, mounted: string, running = true): ContainerDoc {
  return {
    ...{ Id: "id", Name: "/unsprawl-agent-1", State: { Running: running }, HostConfig: {} },
    Config: { Cmd: [command], Env: ["UNSPRAWL_AGENT_HOME=/etc/unsprawl/agent"], Labels: {} },
    Mounts: [{ Source: mounted, Destination: "/var/lib/unsprawl" }],
  } as unknown as ContainerDoc;
}

it("names an agent in a container that has a state folder of its own, and how to keep it away", () => {
  expect(otherAgents([doc("agent", "/var/lib/docker/volumes/state/_data")], state, {})).toEqual([
    expect.stringContaining("docker stop unsprawl-agent-1 first"),
  ]);
});

it.each([
  ["one that shares this state folder", doc("agent", home)],
  ["one that is stopped", doc("agent", "/elsewhere", false)],
  ["what is no agent", doc("watch", "/elsewhere")],
])("does not name %s", (_, one) => {
  expect(otherAgents([one], state, {})).toEqual([]);
});

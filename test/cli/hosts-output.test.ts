import { expect, it } from "vitest";
import { eachHost } from "../../src/cli/each-host.ts";
import type { CommandContext, CommandModule } from "../../src/cli/context.ts";

it("one file does not take the plans of several hosts, of which only the last would be left", async () => {
  let runs = 0;
  const command = { run: async () => runs++ } as unknown as CommandModule;
  const hosts = new Map(["one", "two"].map((name) => [name, { address: `tcp://${name}`, certPath: null }]));
  const assembly = { env: {}, config: async () => ({ hosts, untrusted: null }), at: () => ({}) };
  const signal = new AbortController().signal;
  const context = { assembly, signal, json: true, progress: { stop: () => null } } as unknown as CommandContext;
  await expect(eachHost(command, context, ["docker:"], { hosts: [], output: "plan.json" })).rejects.toMatchObject({
    code: "usage",
  });
  expect(runs).toBe(0);
});

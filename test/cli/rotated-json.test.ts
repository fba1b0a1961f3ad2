import { expect, it, vi } from "vitest";
import type { CommandContext } from "../../src/cli/context.ts";
import { finishRun } from "../../src/cli/finish.ts";

it("the result of a rotation says in JSON what was not rotated", async () => {
  const written = vi.spyOn(process.stdout, "write").mockImplementation((...call: readonly unknown[]) => {
    const done = call.at(-1);
    if (typeof done === "function") (done as () => void)();
    return true;
  });
  const left = [{ name: "A", subject: "web", reason: "nothing here knows where it is checked", hint: "x" }];
  const base = {
    version: 1,
    run: "r",
    state: "done",
    units: [],
    inspected: false,
    cleaned: false,
    proofs: [],
  } as const;
  const assembly = { redactor: { guard: (text: string) => text } };
  const context = { json: true, assembly, progress: { stop: () => undefined } } as unknown as CommandContext;
  await finishRun({ ...base, error: null }, context, {}, undefined, left);
  const text = written.mock.calls.map(([one]) => String(one)).join("");
  written.mockRestore();
  expect(JSON.parse(text)).toMatchObject({ notRotated: left });
});

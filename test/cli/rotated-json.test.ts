import { expect, it, vi } from "vitest";
import type { CommandContext } from "../../src/cli/context.ts";
import { finishRun } from "../../src/cli/finish.ts";

it("the result of a rotation says in JSON what was not rotated", async () => {
  const written = vi.spyOn(process.stdout, "write").mockImplementation((_text, done) => {
    if (typeof done === "function") done();
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
  const context = {
    json: true,
    assembly: { redactor: { guard: (text: string) => text } },
  } as unknown as CommandContext;
  await finishRun({ ...base, error: null }, context, undefined, left);
  const text = written.mock.calls.map(([one]) => String(one)).join("");
  written.mockRestore();
  expect(JSON.parse(text)).toMatchObject({ notRotated: left });
});

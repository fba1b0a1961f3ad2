import { expect, it } from "vitest";
import { isNewer } from "../../../src/engine/recreate/kept.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";

const created = (Created: string): ContainerDoc => ({ Created }) as ContainerDoc;

it("of containers of one second the later one is newer, though the engine leaves out zeros at the end", () => {
  const inOrder = ["", "2026-01-31T10:00:00Z", "2026-01-31T10:00:00.12Z", "2026-01-31T10:00:00.123456789Z"];
  inOrder.push("2026-01-31T10:00:00.5Z", "2026-01-31T10:00:01Z");
  const docs = inOrder.map(created);
  for (const [at, one] of docs.entries())
    expect(docs.map((other) => isNewer(one, other))).toEqual(docs.map((_, index) => index < at));
});

import { expect, it, vi } from "vitest";
import { readAtOnce } from "../../../migrations/quadlet/at-once.ts";

it("reads a file once for all that is asked at a time, and again later", async () => {
  vi.useFakeTimers();
  try {
    let reads = 0;
    const atOnce = readAtOnce(async (file) => `${file} ${++reads}`);
    expect(await Promise.all([atOnce("a"), atOnce("a"), atOnce("b")])).toEqual(["a 1", "a 1", "b 2"]);
    vi.advanceTimersByTime(1000);
    expect(await atOnce("a")).toBe("a 3");
  } finally {
    vi.useRealTimers();
  }
});

import { describe, expect, it } from "vitest";
import { withBackoff, pauseMs, retryAfterMs, type Attempt } from "../../../src/kit/net/backoff.ts";

const later = (askedMs: number | null, pauses: number[] = []): Attempt<string> => ({
  askedMs,
  give: () => "the last one",
  again: (ms) => void pauses.push(ms),
});

describe("retryAfterMs", () => {
  const now = Date.parse("2026-11-28T10:00:00Z");
  it.each([
    ["7", 7000],
    [" 7 ", 7000],
    ["1.5", 1500],
    ["0", 0],
    ["Sat, 28 Nov 2026 10:00:30 GMT", 30_000],
    ["Sat, 28 Nov 2026 09:00:00 GMT", 0],
    ["soon", null],
    ["", null],
    ["-1", 0],
    ["99999999999", null],
    [null, null],
    [undefined, null],
  ])("%s", (value, ms) => {
    // "-1" is a date to JavaScript, and one that is long over.
    expect(retryAfterMs(value, now)).toBe(ms);
  });
});

describe("pauseMs", () => {
  it("doubles, up to the longest, between half of it and all of it", () => {
    const pauses = { firstMs: 100, longestMs: 1000 };
    const of = (random: number): number[] => [1, 2, 3, 4, 5, 60].map((made) => pauseMs(made, pauses, () => random));
    expect(of(1)).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(of(0)).toEqual([50, 100, 200, 400, 500, 500]);
  });
});

describe("patiently", () => {
  const pauses = { firstMs: 1, longestMs: 4 };

  it("gives the first answer, and throws what an attempt throws", async () => {
    expect(await withBackoff(async (made) => (made < 3 ? later(null) : { done: `attempt ${made}` }), pauses)).toBe(
      "attempt 3",
    );
    await expect(
      withBackoff(async () => {
        throw new Error("no");
      }, pauses),
    ).rejects.toThrow("no");
  });

  it("ends with what the last attempt gives: after so many, when it takes too long, when too long is asked for", async () => {
    const said: number[] = [];
    expect(await withBackoff(async () => later(0, said), { ...pauses, attempts: 3 })).toBe("the last one");
    expect(said).toEqual([10, 10]);
    said.length = 0;
    expect(await withBackoff(async () => later(5000, said), { ...pauses, withinMs: 100 })).toBe("the last one");
    expect(await withBackoff(async () => later(5000, said), { ...pauses, longestAskedMs: 4999 })).toBe("the last one");
    expect(said).toEqual([]);
  });

  it("waits no longer than a timer can, and does not come back at once", async () => {
    const [stop, said] = [new AbortController(), [] as number[]];
    const again = (ms: number): void => {
      said.push(ms);
      setTimeout(() => stop.abort(), 50);
    };
    const asked = withBackoff(async () => ({ ...later(2 ** 40), again }), { ...pauses, signal: stop.signal });
    await expect(asked).rejects.toThrow(/abort/i);
    expect(said).toEqual([2 ** 31 - 1]);
  });

  it("stops in a pause when it is aborted", async () => {
    const stop = new AbortController();
    const waiting = withBackoff(async () => later(60_000), { ...pauses, signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow(/abort/i);
  });
});

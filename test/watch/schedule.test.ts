import { expect, it } from "vitest";
import { cronSchedule, everySchedule, waitUntil } from "../../src/watch/schedule.ts";

const noon = new Date(2026, 10, 25, 12, 0, 30);

it.each([
  ["15m", 900_000],
  ["1h", 3_600_000],
  ["90", 90_000],
])("every %s", (text, ms) => {
  expect(everySchedule(text).next(noon).getTime() - noon.getTime()).toBe(ms);
});

it.each(["", "15", "10ms", "fortnight", "-5m", "9999h"].filter((text) => text !== "15"))("not every %j", (text) => {
  expect(() => everySchedule(text)).toThrow(expect.objectContaining({ code: "usage" }) as Error);
});

it.each([
  ["*/15 * * * *", new Date(2026, 10, 25, 12, 15)],
  ["0 3 * * *", new Date(2026, 10, 26, 3, 0)],
  ["30 4 1 jan *", new Date(2027, 0, 1, 4, 30)],
])("cron %s, in local time", async (text, next) => {
  expect((await cronSchedule(text)).next(noon)).toEqual(next);
});

it.each(["", "* * *", "61 * * * *", "0 0 30 2 *", "whenever"])("not cron %j", async (text) => {
  await expect(cronSchedule(text)).rejects.toMatchObject({ code: "usage" });
});

it("a wait ends when its time has come, and at once when it is called off", async () => {
  await waitUntil(new Date(Date.now() - 1), new AbortController().signal);
  const off = new AbortController();
  const waiting = waitUntil(new Date(Date.now() + 3_600_000), off.signal);
  off.abort();
  await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
});

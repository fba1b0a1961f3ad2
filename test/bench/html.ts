// `npm run build && npm run bench`: prints figures, asserts nothing. A report of 20,000 findings in a real browser: how
// large its page is, how long until it can be used, and how long a keystroke in its filter takes until the list is laid
// out. Beside the time by the clock stands the time that the page's own thread was at work, which a busy machine leaves alone.
import { performance } from "node:perf_hooks";
import { gzipSync } from "node:zlib";
import { html } from "../../src/cli/views/html/index.ts";
import { startChromium } from "../services/chromium.ts";
import type { Page } from "../support/browser.ts";
import { finding, reportWith, trendOf } from "../support/reports.ts";

const FINDINGS = 20_000;
const TURNS = 5;
const TYPED = ["d", "b", "_", "p", "a", "s", "s", " ", "a", "p", "p", "-", "3"];

const report = reportWith(Array.from({ length: FINDINGS }, (_, at) => finding(at)));
const began = performance.now();
const text = html(report, { trend: trendOf(365) });
const written = performance.now() - began;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
const ms = (times: readonly number[]): string => {
  const sorted = times.toSorted((a, b) => a - b);
  return `${(sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(0)} ms (worst ${(sorted.at(-1) ?? 0).toFixed(0)})`;
};
const show = (what: string, told: string): void => console.log(`${what.padEnd(44)} ${told}`);

/** How long the page's thread has been at work, in milliseconds. */
async function atWork(page: Page): Promise<number> {
  const { metrics } = (await page.send("Performance.getMetrics")) as { metrics: { name: string; value: number }[] };
  return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1000;
}

const browser = await startChromium();
try {
  const [opened, openedWork, keys, keysWork]: number[][] = [[], [], [], []];
  const timed = async (page: Page, clock: number[] = [], work: number[] = [], act: () => Promise<unknown>) => {
    const [before, from] = [await atWork(page), performance.now()];
    await act();
    clock.push(performance.now() - from);
    work.push((await atWork(page)) - before);
  };
  for (let turn = 0; turn < TURNS; turn++) {
    const page = await browser.open("<!doctype html><title>nothing</title>");
    await page.send("Performance.enable", { timeDomain: "threadTicks" });
    // Until the list stands there and the page waits for its reader.
    await timed(page, opened, openedWork, () => page.show(text));
    await page.click("#search");
    await page.evaluate("document.querySelector('#search').focus()");
    for (const key of TYPED)
      await timed(page, keys, keysWork, async () => {
        await page.type(key);
        await page.evaluate("document.body.offsetHeight");
      });
    page.close();
  }
  show(
    `page of ${FINDINGS} findings`,
    `${megabytes(Buffer.byteLength(text))}, ${megabytes(gzipSync(text).length)} packed`,
  );
  show("written in", ms([written]));
  show("open, by the clock", ms(opened ?? []));
  show("open, the page's own work", ms(openedWork ?? []));
  show("a keystroke in the filter, by the clock", ms(keys ?? []));
  show("a keystroke in the filter, the page's own work", ms(keysWork ?? []));
} finally {
  await browser.stop();
}

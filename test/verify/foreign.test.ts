import { expect, test } from "vitest";
import { verify, type Liveness } from "../../src/verify/index.ts";
import { VENDORS } from "../../src/verify/vendors/index.ts";
import { sample } from "../support/deep.ts";
import { listening, replying, withDouble, type Double, type Reply } from "./double.ts";
import { made, SAMPLES, type Sample } from "./samples.ts";

/** Answers of whoever stands between here and the vendor: a captive portal, a proxy, a firewall. */

const never = new AbortController().signal;

function ask(double: Promise<Double>, id: string): Promise<Liveness> {
  const { item } = made(SAMPLES[id] as Sample);
  return withDouble(double, ({ url }) =>
    verify(item, { timeoutMs: 60_000, concurrency: 1, endpoints: { [id]: url }, env: {} }, never),
  );
}

const nameOf = (id: string): string => VENDORS.find((vendor) => vendor.id === id)?.name ?? "";
const IDS = VENDORS.map(({ id }) => id);
const PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Welcome to our network</body></html>";
const html = { "content-type": "text/html; charset=utf-8" };

const PAGES: readonly Reply[] = [200, 400, 401, 403, 404].flatMap((status) => [
  { status, headers: html, body: PAGE },
  { status, headers: html, body: "Blocked." },
  { status, body: `\uFEFF\n<!-- blocked -->${PAGE}` },
  { status, body: `<?xml version="1.0"?>${PAGE}` },
  { status, body: "<h1>Blocked</h1>" },
]);

test.each(IDS)("%s: a page for people, whatever its status, is not its answer", async (id) => {
  for (const page of sample(PAGES, 6)) {
    const { state, why } = await ask(replying(page), id);
    expect([page, state]).toEqual([page, "unknown"]);
    expect(why).toMatch(new RegExp(`^answered by something that is not ${nameOf(id)} \\(.+: ${page.status}\\)$`));
  }
});

const STRANGE = ["{}", "[]", "null", '"ok"', "true", "", "OK", "{", '{"status":"ok"}', '{"ok":true}', '{"data":{}}'];

test.each(IDS)("%s: 200 without what it documents is not live", async (id) => {
  for (const body of sample(STRANGE, 4)) {
    const { state } = await ask(replying({ status: 200, headers: { "content-type": "application/json" }, body }), id);
    expect([body, state]).toEqual([body, "unknown"]);
  }
});

test.each(IDS)("%s: a forbidden that is not in the form of its errors says nothing", async (id) => {
  for (const body of sample([...STRANGE, '{"error":"blocked"}', '{"blocked":true,"reason":"policy"}'], 4)) {
    const { state } = await ask(replying({ status: 403, body }), id);
    expect([body, state]).toEqual([body, "unknown"]);
  }
});

test.each(IDS)("%s: what a live answer holds counts only as the whole answer", async (id) => {
  const { live } = SAMPLES[id] as Sample;
  const padded = `${live.body ?? ""}${" ".repeat(1000)}`;
  expect((await ask(replying({ ...live, body: padded }), id)).state).toBe("live");
  for (const body of [`${live.body ?? ""}x`, (live.body ?? "").slice(0, -1), JSON.stringify(live.body)])
    expect((await ask(replying({ ...live, body }), id)).state).toBe("unknown");
});

test.each(IDS)("%s: an endless answer tells nothing, however it begins", async (id) => {
  const { live, dead, limited = dead } = SAMPLES[id] as Sample;
  for (const { status, body = "" } of [live, dead, limited]) {
    let written = 0;
    const endless = listening((_, response) => {
      response.writeHead(status).write(body);
      const more = (): void => {
        while (!response.destroyed && written < 100_000_000 && response.write(" ".repeat(65_536))) written += 65_536;
      };
      response.on("drain", more);
      more();
    });
    const { state, why } = await ask(endless, id);
    expect(state).toBe("unknown");
    expect(why).toContain(`${nameOf(id)} answers with more than unsprawl reads (`);
    expect(written).toBeLessThan(50_000_000);
  }
});

const refusable = IDS.filter((id) => (SAMPLES[id] as Sample).dead.status === 401);

test.each(refusable)("%s: a refusal is a proxy's own when it says so", async (id) => {
  const { dead } = SAMPLES[id] as Sample;
  const proxy = { "proxy-authenticate": 'Basic realm="proxy"' };
  for (const reply of [{ ...dead, headers: proxy }, { status: 407, headers: proxy }, { status: 407 }])
    expect((await ask(replying(reply), id)).state).toBe("unknown");
  // Frameworks head anything as a page.
  expect((await ask(replying({ ...dead, headers: html }), id)).why).toContain(`${nameOf(id)} refuses it (`);
});

test.each(refusable.filter((id) => id !== "openai"))("%s: a refusal may have no body", async (id) => {
  for (const headers of [{}, html]) {
    const { why } = await ask(replying({ status: 401, headers }), id);
    expect(why).toContain(`${nameOf(id)} refuses it (`);
  }
});

test.each([
  ["datadog", { valid: false }],
  ["newrelic", { data: { actor: { user: null } }, errors: [] }],
  ["sentry", { version: "0", auth: null, user: null }],
  ["cloudflare", { result: { status: "new" } }],
  ["slack", { ok: false, error: "fatal_error" }],
])("%s itself may say neither", async (id, body) => {
  const { state, why } = await ask(replying({ status: 200, body: JSON.stringify(body) }), id);
  expect([state, why]).toEqual(["unknown", expect.stringContaining("inconclusive answer")]);
});

test("an answer of just the length that is read is whole", async () => {
  const body = JSON.stringify({ login: "octo" });
  const padded = (length: number): Reply => ({ status: 200, body: body.padEnd(length) });
  expect((await ask(replying(padded(65_536)), "github")).state).toBe("live");
  expect((await ask(replying(padded(65_537)), "github")).state).toBe("unknown");
});

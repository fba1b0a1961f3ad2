import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Change } from "../../src/model/change.ts";
import { slack } from "../../src/notify/slack.ts";
import { change, changes, never, opened, shown, thrown } from "./changes.ts";
import { startReceiver, type Receiver } from "./receiver.ts";

const token = randomBytes(18).toString("hex");
let dir = "";
let chat: Receiver;
let status = 200;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-notify-"));
  chat = await startReceiver((response) =>
    response.writeHead(status).end(status === 200 ? "ok" : `no_service ${token}`),
  );
  writeFileSync(join(dir, "slack.url"), `${chat.origin}/services/${token}\n`, { mode: 0o600 });
});
afterAll(async () => {
  await chat.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function told(batch: readonly Change[]): Promise<string> {
  await opened(slack, { urlFile: "slack.url" }, { dir }).channel.send(batch, never);
  const last = chat.received.at(-1);
  expect(last?.path).toBe(`/services/${token}`);
  const body = JSON.parse(last?.body ?? "") as { readonly text: string };
  expect(body).toEqual({ text: body.text, parse: "none", link_names: 0, unfurl_links: false });
  return body.text;
}

const API = "container api on web1, since 2026-11-20 10:00 UTC";
const PLAN = "next: unsprawl plan docker:api --to STORE";
const grade = (at: number): string => `severity, high confidence; id ${change(at).finding.id}`;

test("counts first, then the loudest, in a fence", async () => {
  const text = await told([
    change(1),
    change(2, { kind: "regressed", run: "20261101-101010-abcd" }),
    change(3, { kind: "gone" }),
    change(4, { severity: "critical", name: "STRIPE_KEY" }),
  ]);
  expect(text).toBe(
    [
      "unsprawl: 2 new, 1 regressed, 1 gone",
      "```",
      `regressed: DB_PASSWORD_2 in ${API}, which run 20261101-101010-abcd had moved; high ${grade(2)}; ${PLAN}`,
      `new: STRIPE_KEY in ${API}; critical ${grade(4)}; ${PLAN}`,
      `new: DB_PASSWORD_1 in ${API}; high ${grade(1)}; ${PLAN}`,
      `gone: DB_PASSWORD_3 in ${API}; high ${grade(3)}`,
      "```",
    ].join("\n"),
  );
});

test("no more than fit, and how many there are besides", async () => {
  const text = await told(changes(57));
  const lines = text.split("\n");
  expect(lines[0]).toBe("unsprawl: 57 new");
  expect(lines.at(-2)).toBe("and 47 more");
  expect(lines).toHaveLength(14);
  const long = await told(
    Array.from({ length: 57 }, (_, at) => change(at, { name: "N".repeat(5000), subject: "<".repeat(5000) })),
  );
  expect(long.length).toBeLessThan(2000);
  const wide = await told([1, 2].map((at) => change(at, { name: "<".repeat(100), subject: "<".repeat(95) })));
  expect(wide.length).toBeLessThan(2000);
  expect(long).toMatch(/\nand \d+ more\n```$/);
});

test("a hostile name mentions nobody, links nowhere and does not leave its fence", async () => {
  const names = [
    "<!channel>",
    "<!everyone> & <@U123>",
    "@here @channel @everyone @alice",
    "``` @here",
    "<https://evil.test|click>",
    "a\n@here\r\n```\n# big",
    "\u202eevil\u0000\u001b[31m",
  ];
  const text = await told(names.map((name, at) => change(at, { name, subject: name, host: name })));
  expect(text).not.toMatch(/[<>]|@(?!\u200b)/);
  expect(text.match(/```/g)).toHaveLength(2);
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  expect(text.split("\n")).toHaveLength(names.length + 3);
});

test("what the other side says is not repeated, and neither is the address", async () => {
  status = 404;
  const { channel, known } = opened(slack, { urlFile: "slack.url" }, { dir });
  const error = await thrown(channel.send(changes(1), never));
  status = 200;
  expect(error).toMatchObject({
    code: "denied",
    remedy: { do: "fix" },
    message: `ops (${chat.origin}): nothing is there (404)`,
  });
  expect(shown(error)).not.toContain(token);
  expect(known.map((one) => one.exposeText())).toEqual([`/services/${token}`]);
  expect(await channel.probe(never)).toBe(`${chat.origin} answers`);
  expect(() => opened(slack, { url: `${chat.origin}/${token}` })).toThrow(/^notify\.ops\.url is a secret, which/);
  expect(() => opened(slack, {})).toThrow("notify.ops.urlFile is missing");
  writeFileSync(join(dir, "bad.url"), token);
  const bad = await thrown(opened(slack, { urlFile: "bad.url" }, { dir }).channel.send(changes(1), never));
  expect(shown(bad)).toContain("is not a web address");
  expect(shown(bad)).not.toContain(token);
});

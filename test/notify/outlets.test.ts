import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Configured } from "../../src/contract/channel.ts";
import { loadConfig } from "../../src/core/config/config.ts";
import { channels, outletsOf } from "../../src/notify/index.ts";
import { Redactor } from "../../src/kit/text/redact.ts";
import { shown, thrown } from "./changes.ts";

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-notify-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function configured(yaml: string): Promise<readonly Configured[]> {
  writeFileSync(join(dir, "unsprawl.yaml"), yaml);
  const { notify } = await loadConfig({}, dir, "unsprawl.yaml");
  return outletsOf(notify, { env: {}, redactor: new Redactor(), resolve: async () => new Map(), warn: () => {} });
}

test("every kind is opened as it is configured, and what is wanted goes with it", async () => {
  const all = await configured(`
notify:
  ops: { kind: webhook, url: "https://hooks.test/x", secretFile: hook.key, minSeverity: high, on: [regressed, gone] }
  chat: { kind: slack, urlFile: slack.url, minConfidence: medium }
  mail: { kind: smtp, host: mail, port: 587, from: a@example.org, to: [b@example.org] }
  hook: { kind: command, command: [/usr/local/bin/tell, now] }
  logs: { kind: otlp, url: "http://collector:4318" }
`);
  expect(all.map(({ kind }) => kind).sort()).toEqual(Object.keys(channels).sort());
  const outlets = await Promise.all(all.map(({ open }) => open()));
  expect(outlets.map(({ channel, wanted }) => [channel.name, channel.goesTo, wanted])).toEqual([
    ["ops", "https://hooks.test", { on: ["regressed", "gone"], minSeverity: "high", minConfidence: null }],
    ["chat", "a chat", { on: ["new", "back", "regressed", "agent"], minSeverity: null, minConfidence: "medium" }],
    ["mail", "mail:587", { on: ["new", "back", "regressed", "agent"], minSeverity: null, minConfidence: null }],
    [
      "hook",
      "/usr/local/bin/tell",
      { on: ["new", "back", "regressed", "agent"], minSeverity: null, minConfidence: null },
    ],
    [
      "logs",
      "http://collector:4318",
      { on: ["new", "back", "regressed", "agent"], minSeverity: null, minConfidence: null },
    ],
  ]);
});

test.each([
  ["{ url: x }", "notify.ops has no kind", "add kind: webhook, slack"],
  [
    "{ kind: webhook, on: [regresed] }",
    "notify.ops.on[0] must be one of new, back, regressed, gone",
    "did you mean regressed?",
  ],
  ["{ kind: webhook, on: [] }", "notify.ops.on is empty", ""],
  ["{ kind: webhook, minSeverity: hihg }", "notify.ops.minSeverity must be one of", "did you mean high?"],
  ["{ kind: webhook, minConfidence: 3 }", "notify.ops.minConfidence must be one of", ""],
  ["[]", "notify.ops must be a map", ""],
])("%s is refused when the file is read", async (entry, message, hint) => {
  const said = shown(await thrown(configured(`notify: { ops: ${entry} }\n`)));
  expect(said).toContain(message);
  expect(said).toContain(hint);
});

test.each([
  ["{ kind: webhok }", 'notify.ops: unknown kind "webhok"', "did you mean webhook?"],
  ["{ kind: pager }", 'notify.ops: unknown kind "pager"', "known: webhook, slack"],
  ["{ kind: constructor }", 'notify.ops: unknown kind "constructor"', "known:"],
  ["{ kind: webhook, secretfile: x }", "unknown key notify.ops.secretfile", "did you mean notify.ops.secretFile?"],
  ["{ kind: smtp, minSeverty: x }", "unknown key notify.ops.minSeverty", "did you mean notify.ops.minSeverity?"],
])("%s is refused when it is opened", async (entry, message, hint) => {
  const [ops] = await configured(`notify: { ops: ${entry} }\n`);
  const error = await thrown(ops?.open() ?? Promise.resolve());
  expect(error).toMatchObject({ code: "config", message, hint: expect.stringContaining(hint) as string });
});

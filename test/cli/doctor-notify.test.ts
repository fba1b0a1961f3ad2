import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openSqliteHistory } from "../../src/history/sqlite.ts";
import { change } from "../notify/changes.ts";
import { startReceiver } from "../notify/receiver.ts";
import { freePort } from "../services/tls.ts";
import { makeWorld } from "../support/world.ts";

const world = makeWorld("unix:///nowhere");
afterAll(() => world.remove());

type Check = { readonly name: string; readonly ok: boolean; readonly text: string; readonly hint: string | null };

test("doctor says of each channel whether it is reached, and what waits; nothing is sent and no secret shown", async () => {
  const receiver = await startReceiver();
  const token = randomBytes(18).toString("hex");
  const port = await freePort();
  writeFileSync(join(world.dir, "hook.key"), token);
  writeFileSync(join(world.dir, "slack.url"), `http://127.0.0.1:${port}/services/${token}`);
  chmodSync(join(world.dir, "hook.key"), 0o644);
  chmodSync(join(world.dir, "slack.url"), 0o600);
  writeFileSync(
    join(world.dir, "unsprawl.yaml"),
    `notify:
  ops: { kind: webhook, url: "${receiver.origin}/${token}", secretFile: hook.key }
  chat: { kind: slack, urlFile: slack.url }
  hook: { kind: command, command: [./none] }
  bad: { kind: webhook, url: "https://a", secretFiel: x }
`,
  );
  const history = await openSqliteHistory(join(world.dir, "state/unsprawl")).catch(async () => {
    // Made with its fingerprint key by any command.
    await world.unsprawl(["doctor"]);
    return openSqliteHistory(join(world.dir, "state/unsprawl"));
  });
  const at = "2026-11-25T10:00:00.000Z";
  const scan = { id: "one", at, durationMs: 1, sources: [], subjects: 1, errors: 0, trend: null };
  await history.remember("web1", "one", ["ops", "chat"], () => ({
    ...{ findings: [], seen: [], moved: [], undone: [], scan },
    changes: [change(1), change(2)],
  }));
  await history.close();
  const ran = await world.unsprawl(["doctor", "--json", "--no-residue"]);
  await receiver.stop();
  const { checks } = JSON.parse(ran.stdout) as { readonly checks: readonly Check[] };
  const of = (name: string) => checks.filter((one) => one.name === `notify ${name}`).map(({ ok, text }) => [ok, text]);
  expect(of("ops")).toEqual([
    [true, `webhook to ${receiver.origin}: ${receiver.origin} answers`],
    [false, `notify.ops.secretFile: everyone on this machine may read ${join(world.dir, "hook.key")}: chmod 600`],
    [true, "2 changes wait to be sent, the oldest since 2026-11-25T10:00:00.000Z"],
  ]);
  expect(of("chat")).toEqual([
    [false, `chat (http://127.0.0.1:${port}): the connection is refused`],
    [true, "2 changes wait to be sent, the oldest since 2026-11-25T10:00:00.000Z"],
  ]);
  expect(of("hook")).toEqual([
    [false, "notify.hook.command names a program that cannot be run: ./none"],
    [true, "no notification is waiting"],
  ]);
  expect(of("bad")[0]).toEqual([false, "unknown key notify.bad.secretFiel"]);
  expect(receiver.received).toEqual([]);
  expect(ran.stdout + ran.stderr).not.toContain(token);
  const text = await world.unsprawl(["doctor", "--no-residue"]);
  expect(text.stdout).toContain("did you mean notify.bad.secretFile?");
  expect(text.stdout + text.stderr).not.toContain(token);
});

test("the schema that ships knows every kind and its keys", () => {
  const schema = JSON.parse(readFileSync(new URL("../../dist/unsprawl.schema.json", import.meta.url), "utf8")) as {
    readonly properties: {
      readonly notify: {
        readonly additionalProperties: {
          readonly anyOf: readonly { readonly properties: { readonly [key: string]: { readonly const?: string } } }[];
        };
      };
    };
  };
  const kinds = schema.properties.notify.additionalProperties.anyOf;
  expect(kinds.map(({ properties }) => properties["kind"]?.const)).toEqual([
    "webhook",
    "slack",
    "smtp",
    "command",
    "otlp",
  ]);
  expect(kinds[0]?.properties).toHaveProperty("secretFile");
  expect(kinds.every(({ properties }) => "on" in properties && "minSeverity" in properties)).toBe(true);
});

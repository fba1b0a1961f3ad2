import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { command } from "../../src/notify/command.ts";
import { change, changes, never, opened, shown, thrown } from "./changes.ts";

let dir = "";
const secret = randomBytes(18).toString("hex");
const env = {
  PATH: process.env["PATH"],
  LC_ALL: "C",
  VAULT_TOKEN: secret,
  HOME: "/root",
  AWS_SECRET_ACCESS_KEY: secret,
};

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-notify-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function script(name: string, text: string): string {
  const file = join(dir, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

test("the changes come as JSON on stdin, the arguments as they are, the environment without secrets", async () => {
  script("tell", `cat > "${dir}/in"; env > "${dir}/env"; printf '%s\\n' "$@" > "${dir}/args"; pwd >/dev/null`);
  const { channel } = opened(command, { command: ["./tell", "a b", "$(id)", "*"] }, { dir, env });
  const batch = [change(1, { name: "$(touch /pwned)" }), change(2)];
  await channel.send(batch, never);
  expect(JSON.parse(readFileSync(join(dir, "in"), "utf8"))).toMatchObject({ version: 1, changes: batch });
  expect(readFileSync(join(dir, "args"), "utf8")).toBe("a b\n$(id)\n*\n");
  const given = readFileSync(join(dir, "env"), "utf8");
  expect(given).toContain("LC_ALL=C\n");
  expect(given).not.toContain(secret);
  expect(given).not.toMatch(/VAULT|AWS/);
});

test("a program that does not read what it is told is fine when it exits with 0", async () => {
  const { channel } = opened(command, { command: ["true"] }, { env });
  await channel.send(changes(500), never);
  expect(await channel.probe(never)).toBe("true can be run");
});

test("what it leaves behind on purpose goes on, and is not waited for", async () => {
  const file = script("leave", `(while [ ! -e "${dir}/go" ]; do sleep 0.05; done; : > "${dir}/went") &`);
  await opened(command, { command: [file] }, { env }).channel.send(changes(1), never);
  expect(existsSync(join(dir, "went"))).toBe(false);
  writeFileSync(join(dir, "go"), "");
  while (!existsSync(join(dir, "went"))) await sleep(10);
  expect(existsSync(join(dir, "went"))).toBe(true);
});

test("any other end is a failure, with the first line of what it said, redacted and harmless", async () => {
  const file = script("fail", `printf 'cannot \\033[31mlog in with ${secret}\\nmore\\n' >&2; echo out; exit 3`);
  const { channel } = opened(command, { command: [file] }, { env });
  const error = await thrown(channel.send(changes(1), never));
  expect(error).toMatchObject({ code: "failed", remedy: { do: "again", afterMs: null } });
  expect(error.message).toBe(`ops: ${file}: exit 3: cannot \\e[31mlog in with ${secret}`);
  const killed = opened(command, { command: ["sh", "-c", "kill -9 $$"] }, { env }).channel;
  expect((await thrown(killed.send(changes(1), never))).message).toBe("ops: sh: killed by SIGKILL");
});

test("of a known value nothing is left in what it said", async () => {
  const file = script("leak", `echo "token ${secret}" >&2; exit 1`);
  const { channel, redactor } = opened(command, { command: [file] }, { env });
  redactor.know(Secret.of(secret));
  const said = shown(await thrown(channel.send(changes(1), never)));
  expect(said).toContain("exit 1: token [secret]");
  expect(said).not.toContain(secret);
});

test("one that does not end is killed with what it started", async () => {
  const file = script("hang", `sleep 600 & echo $! > "${dir}/child"; : > "${dir}/ready"; wait`);
  const { channel } = opened(command, { command: [file] }, { env });
  const stop = new AbortController();
  const sending = thrown(channel.send(changes(1), stop.signal));
  while (!existsSync(join(dir, "ready"))) await sleep(10);
  stop.abort();
  expect(await sending).toMatchObject({ code: "failed", message: `ops: ${file}: interrupted before it answered` });
  const child = Number(readFileSync(join(dir, "child"), "utf8"));
  while (alive(child)) await sleep(10);
  expect(alive(child)).toBe(false);
});

test("a program that is not there is a matter for a person", async () => {
  const { channel } = opened(command, { command: ["./none"] }, { dir, env });
  expect(await thrown(channel.send(changes(1), never))).toMatchObject({ code: "failed", remedy: { do: "fix" } });
  expect(await thrown(channel.probe(never))).toMatchObject({
    code: "config",
    message: "notify.ops.command names a program that cannot be run: ./none",
  });
  expect(() => opened(command, {})).toThrow("notify.ops.command is missing");
  expect(() => opened(command, { command: [] })).toThrow("notify.ops.command must be a list of texts");
});

/** A zombie that nobody waits for is dead. */
function alive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

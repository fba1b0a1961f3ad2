import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Progress } from "../../src/cli/progress.ts";
import type { HostEvent } from "../../src/contract/host.ts";
import { Redactor } from "../../src/kit/text/redact.ts";
import { Secret } from "../../src/model/secret.ts";

beforeEach(() => void vi.stubEnv("CI", ""));
afterEach(() => void vi.unstubAllEnvs());

type Scan = Omit<Extract<HostEvent, { type: "scan" }>, "type" | "source"> & { readonly source?: string };

/** What one event draws on a terminal. */
function drawn(event: Scan): string {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 200 });
  new Progress(terminal as unknown as NodeJS.WriteStream, { quiet: false, verbose: false }, new Redactor()).show({
    ...{ type: "scan", source: "archive:shop.tar" },
    ...event,
  });
  return String(terminal.read() ?? "").replace("\r\u001b[2K", "");
}

it.each<[event: Scan, says: RegExp]>([
  [{ done: 0, total: null }, /^scanning archive:shop\.tar 0$/],
  [{ done: 3, total: 4 }, /^scanning archive:shop\.tar 3\/4, \d+ s left$/],
  [
    { done: 1, total: 2, bytes: { done: 250e6, total: 1000e6 } },
    /^scanning archive:shop\.tar 1\/2, 250 of 1,000 MB, \d+ s left$/,
  ],
  [{ done: 0, total: 1, bytes: { done: 250e6, total: null } }, /^scanning archive:shop\.tar 0\/1, 250 MB$/],
  [{ done: 0, total: 1, bytes: { done: 250e6, total: 100e6 } }, /^scanning archive:shop\.tar 0\/1, 250 MB$/],
  [{ done: 0, total: 1, bytes: { done: 0, total: 100e6 } }, /^scanning archive:shop\.tar 0\/1, 0 of 100 MB$/],
  [{ source: "dir:a\u001b]0;x\u0007\n", done: 0, total: null }, /^scanning dir:a\\e\]0;x\\u\{7\}\\n 0$/],
])("%j", (event, says) => {
  expect(drawn(event)).toMatch(says);
});

it("redraws nothing on the terminal of a pipeline", () => {
  vi.stubEnv("CI", "true");
  expect(drawn({ done: 3, total: 4 })).toBe("");
});

it("leaves names and our own words whole where a value is a word like them, and redacts any other value", () => {
  const redactor = new Redactor();
  const password = `${randomBytes(12).toString("hex")}Z9`;
  for (const value of ["secret", "run", "put", password]) redactor.know(Secret.of(value));
  const stream = Object.assign(new PassThrough(), { isTTY: false });
  const progress = new Progress(stream as unknown as NodeJS.WriteStream, { quiet: false, verbose: false }, redactor);
  const step = { type: "step", step: "put", unit: "compose/weak-run", state: "done", done: 1, total: 1 } as const;
  progress.show({ ...step, text: "put DB_PASSWORD into secrets/db.sops.yaml" });
  progress.show({ ...step, text: `put ${password} back` });
  expect(String(stream.read())).toBe(
    "✓ compose/weak-run: put DB_PASSWORD into secrets/db.sops.yaml\n✓ compose/weak-run: put [secret] back\n",
  );
});

import { expect, test } from "vitest";
import { Outages } from "../../src/cli/outages.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { ANY_SUBJECT } from "../../src/model/subject-ref.ts";
import { reportWith } from "../support/reports.ts";
import type { WatchScan } from "../../src/watch/loop.ts";

function outages(): {
  readonly all: Outages;
  readonly said: () => readonly string[];
  readonly at: (time: string) => void;
} {
  let now = "";
  let lines: string[] = [];
  const print = (error: unknown): void => void lines.push(`error: ${(error as Error).message}`);
  const all = new Outages(
    (text) => void lines.push(text),
    print,
    () => new Date(`2026-11-${now}:00Z`),
  );
  return { all, said: () => lines.splice(0), at: (time) => (now = time) };
}

function round(unread: readonly string[], more: Partial<WatchScan> = {}): WatchScan {
  const errors = unread.map((subject) => ({ subject, about: ANY_SUBJECT, message: "permission denied", hint: "sudo" }));
  const report = { ...reportWith([]), sources: [{ source: "dir:/srv", subjects: 1, errors }] };
  return { report, changes: [], why: "schedule", host: null, ...more } as WatchScan;
}

const gone = (message = "no engine at /run/docker.sock"): UnsprawlError => new UnsprawlError("unreachable", message);

test("an engine that is away is reported once, then as still so, then when it is back", () => {
  const { all, said, at } = outages();
  at("29T02:14");
  all.failed(null, gone());
  all.failed(null, gone());
  expect(said()).toEqual(["error: 02:14 UTC  no engine at /run/docker.sock"]);
  at("29T02:29");
  all.failed(null, gone());
  expect(said()).toEqual(["02:29 UTC  still unreachable since 02:14 UTC"]);
  // Another reason is worth a message, once.
  at("29T02:44");
  all.failed(null, gone("the engine does not answer"));
  expect(said()).toEqual(["error: 02:44 UTC  the engine does not answer"]);
  at("30T02:14");
  all.failed(null, gone("the engine does not answer"));
  expect(said()).toEqual(["02:14 UTC  still unreachable since 2026-11-29 02:14 UTC"]);
  at("30T02:30");
  all.worked(round([]));
  all.worked(round([]));
  expect(said()).toEqual(["02:30 UTC  reachable again; it was unreachable since 2026-11-29 02:14 UTC"]);
});

test("hosts are away each for itself, and what fails otherwise is not called unreachable", () => {
  const { all, said, at } = outages();
  at("29T02:14");
  all.failed("web1", gone());
  all.failed("web2", new UnsprawlError("denied", "permission denied"));
  expect(said()).toEqual([
    "error: 02:14 UTC  web1: no engine at /run/docker.sock",
    "error: 02:14 UTC  web2: permission denied",
  ]);
  at("29T02:20");
  all.failed("web2", new UnsprawlError("denied", "permission denied"));
  all.worked(round([], { host: "web1" }));
  all.worked(round([], { host: "web2" }));
  expect(said()).toEqual([
    "02:20 UTC  web2: still failing since 02:14 UTC",
    "02:20 UTC  web1: reachable again; it was unreachable since 02:14 UTC",
    "02:20 UTC  web2: works again; it was failing since 02:14 UTC",
  ]);
});

test("what a scan could not read is reported when it begins and when it ends", () => {
  const { all, said, at } = outages();
  at("29T02:14");
  all.worked(round(["a", "b"]));
  expect(said()).toEqual([
    "02:14 UTC  not read: dir:/srv a: permission denied; next: sudo",
    "02:14 UTC  not read: dir:/srv b: permission denied; next: sudo",
  ]);
  at("29T02:29");
  all.worked(round(["b"], { why: "events" }));
  all.worked(round(["a", "b"]));
  expect(said()).toEqual([]);
  all.worked(round(["b"]));
  expect(said()).toEqual(["02:29 UTC  read again: dir:/srv a, not read since 02:14 UTC"]);
});

test("an engine that words each answer differently is quoted once a minute in the end", () => {
  const { all, said, at } = outages();
  at("29T02:14");
  for (let turn = 0; turn < 1000; turn++) all.failed(null, gone(`answer ${turn}`));
  expect(said()).toHaveLength(20);
  at("29T02:15");
  for (let turn = 0; turn < 1000; turn++) all.failed(null, gone(`another ${turn}`));
  expect(said()).toEqual(["error: 02:15 UTC  another 0"]);
});

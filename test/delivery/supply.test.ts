import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { suppliesOf } from "../../src/delivery/supply.ts";
import type { Consumer } from "../../src/model/consumer.ts";
import { Secret } from "../../src/model/secret.ts";
import { random } from "../support/canary.ts";
import { track } from "../support/children.ts";
import { DEEP } from "../support/deep.ts";

// Files of values, in folders that belong to applications: whoever has such a folder may have put anything there.

const memory = mkdtempSync("/dev/shm/unsprawl-test-");
const none = { read: () => [], add: async () => undefined, remove: async () => undefined };
const supplies = suppliesOf({ UNSPRAWL_RUNTIME_DIR: memory }, none);
const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;

let name = "";
beforeEach(() => {
  name = `unit-${randomBytes(4).toString("hex")}`;
});
afterAll(() => rmSync(memory, { recursive: true, force: true }));

const folderOf = (kind: "units" | "compose"): string =>
  kind === "units" ? join(memory, "units", name, "secrets") : join(memory, "compose", name, "db");

const consumer = (folder: string): Consumer => ({
  ...{ id: "container:web", delivery: "file", folder, owner: { uid, gid }, script: false, onChange: null, stores: [] },
  values: [{ name: "DB_PASSWORD", reference: "ref+vault://secret/apps/web#/DB_PASSWORD", store: null }],
});

const write = (folder: string, value: string): readonly string[] =>
  supplies.write(consumer(folder), new Map([["DB_PASSWORD", Secret.of(value)]]));

describe.each(["units", "compose"] as const)("below %s", (kind) => {
  it("a value is written once, and again only when it is another one", () => {
    const [folder, value, other] = [folderOf(kind), random(20), random(30)];
    expect(write(folder, value)).toEqual(["DB_PASSWORD"]);
    expect(write(folder, value)).toEqual([]);
    expect(write(folder, other)).toEqual(["DB_PASSWORD"]);
    const file = join(folder, "DB_PASSWORD");
    expect(readFileSync(file, "utf8")).toBe(other);
    expect(statSync(file).mode & 0o777).toBe(0o400);
    expect(readdirSync(folder)).toEqual(["DB_PASSWORD"]);
  });

  it("a value is the new owner's as soon as its application runs as somebody else", () => {
    const [folder, value] = [folderOf(kind), random(20)];
    const given = new Map([["DB_PASSWORD", Secret.of(value)]]);
    const writeFor = (owner: Consumer["owner"]): readonly string[] =>
      supplies.write({ ...consumer(folder), owner }, given);
    const ownerOf = (file: string): unknown => {
      const stat = lstatSync(file);
      return { uid: stat.uid, gid: stat.gid };
    };
    for (const owner of [
      { uid, gid },
      { uid: uid + 1, gid },
      { uid: uid + 1, gid: gid + 1 },
    ]) {
      writeFor(owner);
      expect([ownerOf(folder), ownerOf(join(folder, "DB_PASSWORD"))]).toEqual([owner, owner]);
    }
  });

  it.each<[string, (file: string, outside: string) => void]>([
    ["a link to a file of root's", (file, outside) => symlinkSync(outside, file)],
    ["another name of a file of root's", (file, outside) => linkSync(outside, file)],
    ["a pipe that nobody reads or writes", (file) => void execFileSync("mkfifo", [file])],
    [
      "a socket's or device's place, taken by a file of no end",
      (file) => {
        writeFileSync(file, "");
        truncateSync(file, 1024 ** 4);
      },
    ],
  ])("%s in its place is neither written to nor waited for", (_what, plant) => {
    const [folder, value] = [folderOf(kind), random(20)];
    mkdirSync(folder, { recursive: true });
    const outside = join(memory, `${name}.root`);
    writeFileSync(outside, "root's own");
    plant(join(folder, "DB_PASSWORD"), outside);
    expect(supplies.read(folder, "DB_PASSWORD")?.exposeText() ?? "root's own").toBe("root's own");
    expect(write(folder, value)).toEqual(["DB_PASSWORD"]);
    const file = join(folder, "DB_PASSWORD");
    expect(lstatSync(file).isFile()).toBe(true);
    expect(readFileSync(file, "utf8")).toBe(value);
    expect(readFileSync(outside, "utf8")).toBe("root's own");
  });

  it.each<[string, (file: string, outside: string) => void]>([
    ["a link", (file, outside) => symlinkSync(outside, file)],
    ["a pipe", (file) => void execFileSync("mkfifo", [file])],
    ["what a killed writer left", (file) => writeFileSync(file, "half")],
  ])("%s where the next file is made is not used, and goes", (_what, plant) => {
    const [folder, value] = [folderOf(kind), random(20)];
    mkdirSync(folder, { recursive: true });
    const outside = join(memory, `${name}.root`);
    writeFileSync(outside, "root's own");
    plant(join(folder, ".DB_PASSWORD.part"), outside);
    expect(write(folder, value)).toEqual(["DB_PASSWORD"]);
    expect(readdirSync(folder)).toEqual(["DB_PASSWORD"]);
    expect(readFileSync(outside, "utf8")).toBe("root's own");
  });

  it("what a killed writer left goes, even where the value is there", () => {
    const [folder, value] = [folderOf(kind), random(20)];
    write(folder, value);
    writeFileSync(join(folder, ".DB_PASSWORD.part"), "half");
    expect(write(folder, value)).toEqual([]);
    expect(readdirSync(folder)).toEqual(["DB_PASSWORD"]);
  });

  it("a folder in its place is refused, and stays", () => {
    const folder = folderOf(kind);
    mkdirSync(join(folder, "DB_PASSWORD/inner"), { recursive: true });
    expect(() => write(folder, random(20))).toThrow(/cannot write .*DB_PASSWORD/);
    expect(readdirSync(folder)).toEqual(["DB_PASSWORD"]);
  });

  it("what is withdrawn goes with what a killed writer left, and its folder", () => {
    const folder = folderOf(kind);
    write(folder, random(20));
    writeFileSync(join(folder, ".DB_PASSWORD.part"), "half");
    supplies.remove(folder, ["DB_PASSWORD"]);
    expect(lstatSync(folder, { throwIfNoEntry: false })).toBeUndefined();
  });
});

it("a folder that is a link is not written into", () => {
  const elsewhere = join(memory, `${name}.elsewhere`);
  mkdirSync(elsewhere);
  mkdirSync(join(memory, "units", name), { recursive: true, mode: 0o700 });
  symlinkSync(elsewhere, folderOf("units"));
  expect(() => write(folderOf("units"), random(20))).toThrow(/units/);
  expect(readdirSync(elsewhere)).toEqual([]);
});

it.each(["/etc", "/run/unsprawl-other/units/a/shim", "units/../../../etc/shim"])(
  "%s is no folder for values",
  (folder) => {
    expect(() => write(folder.startsWith("/") ? folder : join(memory, folder), random(20))).toThrow(
      /is not a folder for values/,
    );
  },
);

it("whoever reads while a writer is killed gets a whole value", async () => {
  const folder = folderOf("units");
  const program = fileURLToPath(new URL("supply-writer.ts", import.meta.url));
  write(folder, "a".repeat(200_000));
  for (let round = 0; round < (DEEP ? 50 : 8); round++) {
    const child = spawn(process.execPath, [program, memory, JSON.stringify(consumer(folder))], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    track(child);
    await once(child.stdout, "data");
    const until = Date.now() + Math.random() * 60;
    do {
      const text = readFileSync(join(folder, "DB_PASSWORD"), "utf8");
      expect([text.length, new Set(text).size]).toEqual([200_000, 1]);
      await sleep(0);
    } while (Date.now() < until);
    child.kill("SIGKILL");
    await once(child, "close");
    const text = readFileSync(join(folder, "DB_PASSWORD"), "utf8");
    expect([text.length, new Set(text).size]).toEqual([200_000, 1]);
  }
  write(folder, random(20));
  expect(readdirSync(folder)).toEqual(["DB_PASSWORD"]);
});

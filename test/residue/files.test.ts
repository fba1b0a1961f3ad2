import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeWorld } from "../support/world.ts";
import { filesBelow } from "../support/canary.ts";
import { folder, lookFor, password } from "./looking.ts";

const root = folder();
let count = 0;

/** A folder of its own with these files. */
function write(files: { readonly [name: string]: string }): string {
  const dir = join(root, `case-${++count}`);
  mkdirSync(dir);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

const nobody = (): NodeJS.ProcessEnv => ({ PATH: process.env["PATH"], HOME: write({}) });

describe("files beside those that were rewritten", () => {
  test("settings and copies of them, up to two folders deep", async () => {
    const value = password();
    const dir = write({
      ".env": "DB_PASSWORD=ref+sops://x#/DB_PASSWORD\n",
      ".env.bak": `A=1\nDB_PASSWORD=${value}\n`,
      ".env~": value,
      ".env.old.2": value,
      ".app.env.swp": `\0\0b0VIM\0${value}\0`,
      "compose.override.yaml": `services:\n  db:\n    environment:\n      DB_PASSWORD: "${value}"\n`,
      "deploy/staging/run.sh": `#!/bin/sh\n\ndocker run -e DB_PASSWORD=${Buffer.from(value).toString("base64")} x\n`,
      "deploy/staging/more/deep.env": value,
      "node_modules/x/.env": value,
      "notes.txt": value,
    });
    symlinkSync(join(dir, "notes.txt"), join(dir, "link.env"));
    const { found, places, unseen, looked } = await lookFor(value, { files: [join(dir, ".env")] }, nobody());
    expect(unseen).toEqual([]);
    expect(looked.get("file")).toBe(7);
    expect(found.map((text) => text.replace(`${dir}/`, "")).toSorted()).toEqual([
      "file .app.env.swp:1",
      "file .env.bak:2",
      "file .env.old.2:1",
      "file .env~:1",
      "file compose.override.yaml:4",
      "file deploy/staging/run.sh:3",
    ]);
    const next = (end: string): string | null | undefined => places.find(({ place }) => place.includes(end))?.next;
    expect(next(".env.bak")).toContain(`rm ${dir}/.env.bak`);
    expect(next("compose.override")).toBe(`unsprawl plan compose:${dir}/compose.override.yaml --to local`);
  });

  test("the rewritten file itself, where something still has it", async () => {
    const value = password();
    const dir = write({ "app.conf.d/x.settings": `url=postgres://app:${encodeURIComponent(value)}@db/app` });
    const file = join(dir, "app.conf.d/x.settings");
    expect((await lookFor(value, { files: [file] }, nobody())).found).toEqual([`file ${file}:1`]);
  });

  test("what was not read is said: too large a file, too many of them", async () => {
    const value = password();
    const many = Object.fromEntries(Array.from({ length: 2001 }, (_, at) => [`many/${at}.env`, ""]));
    const dir = write({ "large.env": "x".repeat(1024 * 1024 + 1), ...many });
    const { unseen } = await lookFor(value, { folders: [dir] }, nobody());
    expect(unseen).toEqual([
      { place: join(dir, "large.env"), why: "larger than 1 MiB" },
      { place: join(dir, "many"), why: "more than 2000 files: the rest of them was not read" },
    ]);
  });

  test("a path that holds the value itself is told up to there", async () => {
    const value = password().replace("!", "x");
    const dir = write({ [`${value}/.env`]: value });
    const { places } = await lookFor(value, { folders: [dir] }, nobody());
    expect(places.map(({ place, next }) => [place, next])).toEqual([[`${dir}/…`, null]]);
  });

  test("nothing is changed by looking", async () => {
    const value = password();
    const dir = write({ ".env": value, "a/b.yaml": value });
    chmodSync(join(dir, ".env"), 0o400);
    const state = (): unknown =>
      filesBelow(dir).map((file) => [file, readFileSync(file, "utf8"), statSync(file).mtimeMs]);
    const before = state();
    expect((await lookFor(value, { folders: [dir] }, nobody())).found).toHaveLength(2);
    expect(state()).toEqual(before);
  });
});

test("scrub of a run that needs no engine is fine on a host without one", async () => {
  const world = makeWorld("unix:///nowhere");
  try {
    writeFileSync(join(world.dir, "app.env"), `DB_PASSWORD=${password()}\n`);
    const ran = await world.unsprawl(["migrate", "env:app.env", "--to", "local", "--yes"]);
    expect(ran.code, ran.stderr).toBe(0);
    const scrubbed = await world.unsprawl(["scrub", "--accept", "key-backup"]);
    expect(scrubbed.code, scrubbed.stderr).toBe(0);
    expect(scrubbed.stdout).not.toContain("not searched");
    expect(scrubbed.stdout).toMatch(
      /^looked for 1 value in \d+ files?(?:, \d+ shell histor\w+)?: nothing else shows it$/m,
    );
    const help = await world.unsprawl(["scrub", "--help"]);
    expect(help.stdout).toContain("--no-residue");
  } finally {
    world.remove();
  }
});

describe("shell history", () => {
  test.each([
    [".bash_history", (value: string) => `ls\ndocker run -e DB_PASSWORD='${value}' app\n`, 2],
    [".zsh_history", (value: string) => `: 1700000000:0;export DB_PASSWORD=${value}\n`, 1],
    [".local/share/fish/fish_history", (value: string) => `- cmd: set -x DB_PASSWORD ${value}\n  when: 1\n`, 1],
    [".psql_history", (value: string) => `select 1;\n\nalter role app password '${value}';\n`, 3],
    [".mysql_history", (value: string) => `_HiStOrY_V2_\nset\\040password='${value.replaceAll(" ", "\\040")}';\n`, 2],
    [".rediscli_history", (value: string) => `AUTH ${value}\n`, 1],
    [".python_history", (value: string) => `connect("${value}")\n`, 1],
  ])("in %s", async (name, text, line) => {
    const value = `${password()} ${password()}`;
    const home = write({ [name]: text(value) });
    const { found, places } = await lookFor(value, {}, { HOME: home });
    expect(found).toEqual([`shell history ${home}/${name}:${line}`]);
    expect(places[0]?.next).toContain(`vi +${line} ${home}/${name}`);
  });

  test("in $HISTFILE; a link to /dev/null is how people keep none; a plain word counts beside its name only", async () => {
    const home = write({ "elsewhere/history": "cd shop\nexport DB_NAME=shop\n", ".bash_history": "cd shop\n" });
    symlinkSync("/dev/null", join(home, ".zsh_history"));
    const env = { HOME: home, HISTFILE: join(home, "elsewhere/history") };
    const { found, unseen } = await lookFor("shop", {}, env, "DB_NAME");
    expect(found).toEqual([`shell history ${home}/elsewhere/history:2`]);
    expect(unseen).toEqual([]);
  });
});

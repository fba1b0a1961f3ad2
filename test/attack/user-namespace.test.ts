/**
 * In a user namespace, as rootless engines make them, root and every other user outside have one and the same number. What
 * may be another user's is not taken for root's.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const [ME, BOB] = [12_345, 23_456];
const MINE = "my own file\n";
const kit = (name: string): string => JSON.stringify(new URL(`../../src/kit/io/${name}.ts`, import.meta.url).href);

let dir: string;
let mine: string;
let bobs: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-namespace-"));
  [mine, bobs] = [join(dir, "mine"), join(dir, "bob")];
  // Neither user's, and not like /tmp.
  chmodSync(dir, 0o755);
  for (const [folder, uid] of [
    [mine, ME],
    [bobs, BOB],
  ] as const) {
    mkdirSync(folder);
    chownSync(folder, uid, uid);
  }
  as(ME, `printf '${MINE.trim()}\\n' > ${mine}/file`);
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const as = (uid: number, command: string): Buffer =>
  execFileSync("/bin/sh", ["-ec", command], { uid, gid: uid, cwd: "/" });

/** Root of a user namespace of one user: what the code prints, one `path: what became of it` a line. */
function inside(code: string): string {
  const program = `import { atomicWrite } from ${kit("atomic")};
import { makeFolder } from ${kit("folder")};
import { takeLock } from ${kit("lock")};
import { openEntry } from ${kit("walk")};
const tell = async (name, act) =>
  console.log(name + ": " + (await act().then(() => "done", (error) => error.code + " " + error.message)));
${code}`;
  const args = ["-Ur", process.execPath, "--input-type=module", "-e", program];
  const { stdout, stderr, status } = spawnSync("unshare", args, { uid: ME, gid: ME, cwd: "/", encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

test("another user's link leads to nothing of ours: in that user's folder, or in one like /tmp", () => {
  const sticky = mkdtempSync("/tmp/unsprawl-sticky-");
  chmodSync(sticky, 0o1777);
  try {
    as(BOB, `chmod 755 ${bobs}; ln -s ${mine}/file ${bobs}/link; ln -s ${mine} ${bobs}/folder`);
    as(
      BOB,
      `ln -s ${mine}/file ${sticky}/link; ln -s ${mine} ${sticky}/folder; echo bob > ${sticky}/file; chmod 666 ${sticky}/file`,
    );
    const said = inside(
      [bobs, sticky]
        .flatMap((at) => ["link", "folder/file", "folder/new"].map((name) => join(at, name)))
        .concat(join(sticky, "file"))
        .map((path) => `await tell(${JSON.stringify(path)}, () => atomicWrite(${JSON.stringify(path)}, "bob's"));`)
        .concat(`await tell("folder", () => makeFolder(${JSON.stringify(join(bobs, "folder/made/below"))}, 0o700));`)
        .join("\n"),
    );
    const lines = said.trim().split("\n");
    expect(lines).toHaveLength(8);
    for (const line of lines) expect(line).toMatch(/: refused /);
    expect(execFileSync("ls", [mine], { encoding: "utf8" })).toBe("file\n");
    expect(readFileSync(join(mine, "file"), "utf8")).toBe(MINE);
    expect(readFileSync(join(sticky, "file"), "utf8")).toBe("bob\n");
  } finally {
    rmSync(sticky, { recursive: true });
  }
});

test("a state folder below what somebody made in a folder like /tmp is refused, or one that is another user's", () => {
  as(ME, `mkdir -p ${mine}/state`);
  as(BOB, `chmod 777 ${bobs}`);
  as(ME, `mkdir ${bobs}/state`);
  as(BOB, `chmod 755 ${bobs}; mkdir ${bobs}/theirs ${bobs}/theirs/lock`);
  // mkdtemp's folder lies in /tmp, and may be anybody's.
  for (const state of [join(bobs, "state"), join(mine, "state"), join(bobs, "theirs")])
    expect(inside(lock(state))).toContain(": refused ");
});

test("what is ours works: files in our folders, links of ours and of the system's, new files in /tmp, locks", () => {
  const own = mkdtempSync("/tmp/unsprawl-own-");
  chownSync(own, ME, ME);
  try {
    as(ME, `ln -s file ${mine}/link; ln -s ${mine} ${own}/folder; echo old > ${own}/file`);
    const paths = [join(mine, "link"), join(own, "folder/new"), join(own, "file"), `${own}.new`];
    const said = inside(
      [
        ...paths.map(
          (path) => `await tell(${JSON.stringify(path)}, () => atomicWrite(${JSON.stringify(path)}, "new"));`,
        ),
        lock(join(own, "state")),
        // Links of the system's own, as /bin is on most.
        `await tell("sh", async () => { if ((await openEntry("/bin/sh")).by !== null) throw new Error("a stranger's"); });`,
        `await tell("made", () => makeFolder(${JSON.stringify(join(own, "a/b"))}, 0o700));`,
      ].join("\n"),
    );
    expect(
      said
        .trim()
        .split("\n")
        .map((line) => line.replace(/^.*?: /, "")),
    ).toEqual(Array(7).fill("done"));
    expect(readFileSync(join(mine, "file"), "utf8")).toBe("new");
    expect(readFileSync(join(mine, "new"), "utf8")).toBe("new");
  } finally {
    rmSync(own, { recursive: true });
    rmSync(`${own}.new`, { force: true });
  }
});

const lock = (state: string): string =>
  `await tell("lock", async () => takeLock(${JSON.stringify(state)}, "engine-x", "run mine").release());`;

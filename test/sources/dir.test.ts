import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kit, ruleById } from "../../src/detect/index.ts";
import { SEED } from "../support/deep.ts";
import { makeWorld } from "../support/world.ts";

/** `dir:` through the command: files are read and judged in threads, as streams. */

const world = makeWorld("unix:///nowhere");
const dir = mkdtempSync(join(tmpdir(), "unsprawl-dir-"));
const make = kit(SEED);
const token = (): string => (ruleById("github-token")?.examples(make)[0] ?? "") as string;
const [first, deep, late, outside, wide] = [token(), token(), token(), token(), token()];
const password = make.base64(18);

type Found = { name: string; location: { subjectName: string; path: string; where: string } };

async function scan(
  what: string,
): Promise<{ findings: Found[]; errors: { subject: string }[]; code: number | null; out: string }> {
  const { stdout, code } = await world.unsprawl(["scan", `dir:${what}`, "--json"]);
  const report = JSON.parse(stdout) as { findings: Found[]; sources: { errors: { subject: string }[] }[] };
  return { findings: report.findings, errors: report.sources.flatMap(({ errors }) => errors), code, out: stdout };
}

beforeAll(() => {
  mkdirSync(join(dir, "a/b/c"), { recursive: true });
  writeFileSync(join(dir, "a/.env"), `# the shop\nDB_PASSWORD=${password}\nLOG_LEVEL=info\n`);
  writeFileSync(join(dir, "a/b/c/client.py"), `import os\n\n\nTOKEN = "${deep}"\n`);
  writeFileSync(join(dir, "one.sh"), `curl -H "Authorization: token ${first}" https://api.github.com\n`);
  writeFileSync(join(dir, "big.log"), `${"all is well\n".repeat(400_000)}${late}\n`);
  writeFileSync(join(dir, "picture.bin"), Buffer.concat([Buffer.alloc(5000), Buffer.from(outside)]));
  writeFileSync(join(dir, "empty"), "");
  const windows = `\ufeff$env:LOG = "x"\r\n$token = "${wide}"\r\n`;
  writeFileSync(join(dir, "little.ps1"), Buffer.from(windows, "utf16le"));
  writeFileSync(join(dir, "big.ps1"), Buffer.from(windows, "utf16le").swap16());
  writeFileSync(join(dir, "unmarked.ps1"), Buffer.from(windows.slice(1), "utf16le"));
  writeFileSync(join(dir, "unmarked-big.ps1"), Buffer.from(windows.slice(1), "utf16le").swap16());
  symlinkSync("/etc", join(dir, "a/link"));
  symlinkSync(join(dir, "a"), join(dir, "a/b/loop"));
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
  world.remove();
});

test("every file below a folder, each finding with its line", async () => {
  const { findings, code, out } = await scan(dir);
  expect(code).toBe(3);
  expect(findings.map(({ location }) => `${location.subjectName} ${location.path}`).sort()).toEqual([
    "a/.env line 2",
    "a/b/c/client.py line 4",
    "big.log line 400001",
    "big.ps1 line 2",
    "little.ps1 line 2",
    "one.sh line 1",
    "unmarked-big.ps1 line 2",
    "unmarked.ps1 line 2",
  ]);
  for (const value of [first, deep, late, outside, password]) expect(out).not.toContain(value);
});

test("what the scanned folder and those above it are called says nothing of what is in it", async () => {
  const lines = "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: postgres\n";
  for (const folder of ["demo", "tests/shop", "docs", "i18n"]) {
    mkdirSync(join(dir, folder), { recursive: true });
    writeFileSync(join(dir, folder, "compose.yaml"), lines);
    expect((await scan(join(dir, folder))).findings, folder).toHaveLength(1);
    expect((await scan(join(dir, folder, "compose.yaml"))).findings, folder).toHaveLength(1);
  }
  // Below it a folder of that name does: weak passwords of tests are made up.
  expect((await scan(join(dir, "tests"))).findings).toHaveLength(1);
  mkdirSync(join(dir, "demo/tests"));
  writeFileSync(join(dir, "demo/tests/compose.yaml"), lines);
  expect((await scan(join(dir, "demo"))).findings).toHaveLength(1);
});

test("one file", async () => {
  expect((await scan(join(dir, "one.sh"))).findings).toHaveLength(1);
});

test("what is not there is said", async () => {
  const { code, stderr } = await world.unsprawl(["scan", `dir:${dir}/nothing`]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("no folder")]);
});

test("a file that goes away while it is read is told, and the exit code says so", async () => {
  // Root reads everything, so a right that is missing cannot be tested here: a FIFO and a socket are passed over.
  const folder = join(dir, "fine");
  mkdirSync(folder);
  writeFileSync(join(folder, "x"), "nothing here\n");
  chmodSync(join(folder, "x"), 0o000);
  const { code, findings } = await scan(folder);
  expect([code, findings]).toEqual([0, []]);
});

test("a name that is not UTF-8 cannot be opened, and what helps is said", async () => {
  const folder = join(dir, "names");
  mkdirSync(folder);
  for (const name of ["bad-\xff.env", "worse-\xfe"]) {
    const path = Buffer.from(join(folder, name), "latin1");
    if (name.endsWith(".env")) writeFileSync(path, `DB_PASSWORD=${password}\n`);
    else mkdirSync(path);
  }
  writeFileSync(join(folder, "good-\ufffd.env"), `DB_PASSWORD=${password}\n`);
  const { code, findings, errors } = await scan(folder);
  expect([code, findings.map(({ location }) => location.subjectName)]).toEqual([1, ["good-\ufffd.env"]]);
  const told = { message: "its name is not UTF-8", hint: "rename it" };
  expect(errors.sort((a, b) => a.subject.localeCompare(b.subject))).toMatchObject([
    { subject: "bad-\ufffd.env", ...told },
    { subject: "worse-\ufffd", ...told },
  ]);
});

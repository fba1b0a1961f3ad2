import { chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { foreignlyNamed } from "../../src/files/writers.ts";

const STRANGER = 54_321;
const dir = mkdtempSync(join(tmpdir(), "unsprawl-writers-"));
afterAll(() => rmSync(dir, { recursive: true }));

function file(path: string, uid: number): string {
  const at = join(dir, path);
  writeFileSync(at, "A=b\n");
  chownSync(at, uid, 0);
  return at;
}

it("a file of ours is not rewritten because a stranger's file names it", () => {
  for (const [name, uid] of [
    ["theirs", STRANGER],
    ["ours", 0],
  ] as const) {
    mkdirSync(join(dir, name));
    chownSync(join(dir, name), uid, 0);
  }
  const [theirs, inOurs, own, secret] = [
    file("theirs/compose.yaml", STRANGER),
    file("ours/compose.yaml", STRANGER),
    file("theirs/own.env", STRANGER),
    file("ours/app.env", 0),
  ];
  const kept = file("theirs/by-root.env", 0);
  symlinkSync("../ours", join(dir, "theirs/link"));
  const named = (one: string, namer: string, env = {}): boolean => foreignlyNamed([one], [one, namer], env) !== null;
  expect(named(secret, theirs)).toBe(true);
  expect(named(join(dir, "theirs/link/app.env"), theirs)).toBe(true);
  // A folder of theirs is what counts, not one that only their file stands in.
  expect(named(secret, inOurs)).toBe(true);
  expect([named(own, theirs), named(kept, theirs), named(join(dir, "absent"), theirs)]).toEqual([false, false, false]);
  expect(named(theirs, secret)).toBe(false);
  // Under sudo, for the user who called it.
  expect(named(secret, theirs, { SUDO_UID: String(STRANGER) })).toBe(false);
  expect(foreignlyNamed([secret], [theirs], {})).toEqual({
    file: secret,
    reason: `${secret} belongs to user 0, and ${theirs}, which names it, to user ${STRANGER}`,
    hint: `chown 0 ${theirs}, if you trust what it says; then plan again`,
  });
});

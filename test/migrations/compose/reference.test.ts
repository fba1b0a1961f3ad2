import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { absoluteReference, relativeReference } from "../../../migrations/compose/delivery/reference.ts";

// How a committed file names a store file: by a path that every clone has, and by an absolute one only where none has it.

const root = mkdtempSync(join(tmpdir(), "unsprawl-reference-"));
afterAll(() => rmSync(root, { recursive: true }));

const made = (path: string): string => {
  mkdirSync(join(root, path), { recursive: true });
  return join(root, path);
};
made("repo/.git");
const project = made("repo/services/shop");
const plain = made("plain/shop");
made("open/.git");
const open = made("open/shop");
chmodSync(join(root, "open"), 0o777);
const inner = made("repo/vendored");
made("repo/vendored/.git");

it.each([
  ["below the project", project, "repo/services/shop/secrets/db.sops.yaml", "secrets/db.sops.yaml"],
  ["in the project's work tree", project, "repo/secrets/shop/db.sops.yaml", "../../secrets/shop/db.sops.yaml"],
  ["with a blank in its name", project, "repo/our secrets/db.sops.yaml", "../../our%20secrets/db.sops.yaml"],
  ["below a project without git", plain, "plain/shop/db.sops.yaml", "db.sops.yaml"],
  ["beside the work tree", project, "plain/db.sops.yaml", null],
  ["above a project without git", plain, "plain/db.sops.yaml", null],
  ["in a folder whose name begins alike", project, "repo-other/db.sops.yaml", null],
  ["in a work tree that others can write to", open, "open/secrets/db.sops.yaml", null],
  ["in the work tree around the project's own", inner, "repo/secrets/db.sops.yaml", null],
  ["by a path that leaves the work tree", project, "repo/../plain/db.sops.yaml", null],
])("a file %s", (_what, dir, file, said) => {
  const absolute = `ref+sops://${encodeURI(join(root, "x").slice(0, -1) + file)}#/DB_PASSWORD`;
  const shown = relativeReference(absolute, dir);
  expect(shown).toBe(said === null ? absolute : `ref+sops://${said}#/DB_PASSWORD`);
  if (said !== null) expect(absoluteReference(shown, dir)).toBe(absolute);
});

it("a home that is a work tree is none", () => {
  const home = process.env["HOME"];
  try {
    process.env["HOME"] = join(root, "repo");
    const absolute = `ref+sops://${join(root, "repo/.local/share/db.sops.yaml")}#/DB_PASSWORD`;
    expect(relativeReference(absolute, project)).toBe(absolute);
  } finally {
    process.env["HOME"] = home;
  }
});

it("other stores are named as they are", () => {
  const reference = "ref+vault://secret/apps/shop/db#/DB_PASSWORD";
  expect(relativeReference(reference, project)).toBe(reference);
});

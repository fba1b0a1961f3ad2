import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { mustTakeReferences } from "../../../migrations/compose/engine/stack-version.ts";
import { loadProject } from "../../../migrations/compose/syntax/project.ts";

it.each([
  ["3.1", true],
  ["3.6", true],
  ["3.7", false],
  ["3.10", false],
  ["3", false],
  [null, false],
])("a stack's file of version %s takes no x- key in a secret: %s", async (version, isRefused) => {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-stack-"));
  try {
    const file = join(dir, "stack.yml");
    writeFileSync(file, `${version === null ? "" : `version: "${version}"\n`}services:\n  db: { image: postgres }\n`);
    const project = await loadProject({ files: [file], dir: null, name: null, envFiles: [], env: {} });
    const check = (): void => mustTakeReferences(project);
    if (isRefused) expect(check).toThrow(`file of version ${version}`);
    else expect(check).not.toThrow();
  } finally {
    rmSync(dir, { recursive: true });
  }
});

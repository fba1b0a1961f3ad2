import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ProjectDraft } from "../../../migrations/compose/rewrite/draft.ts";
import { raiseVersions } from "../../../migrations/compose/rewrite/stack-version.ts";
import { loadProject } from "../../../migrations/compose/syntax/project.ts";

// Below 3.7, `docker stack deploy` takes no `x-` key beside a secret, and it takes files of one version only.

const services = "services:\n  db: { image: postgres }\n";

/** What becomes of the files that are given together: their texts, and the notes. */
async function raised(...texts: readonly string[]): Promise<{ readonly texts: string[]; readonly notes: string[] }> {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-stack-"));
  try {
    const files = texts.map((_, at) => join(dir, `${at}.yml`));
    for (const [at, file] of files.entries()) writeFileSync(file, texts[at] ?? "");
    const project = await loadProject({ files, dir: null, name: null, envFiles: [], env: {} });
    const draft = new ProjectDraft(project);
    const notes = raiseVersions(draft, project);
    const made = new Map(draft.files().map(({ file, text }) => [file, text]));
    return { texts: files.map((file, at) => made.get(file) ?? texts[at] ?? ""), notes };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

it.each([
  ['version: "3.0"\n', 'version: "3.7"\n'],
  ["version:  '3.6' # of the stack\r\n", "version:  '3.7' # of the stack\r\n"],
  ["x-log: &log {}\nversion: 3.3\n", 'x-log: &log {}\nversion: "3.7"\n'],
  ['version: &v "3.1"\n', 'version: &v "3.7"\n'],
])("the version %j becomes %j, and nothing else of the file", async (is, becomes) => {
  const { texts, notes } = await raised(is + services);
  expect(texts).toEqual([becomes + services]);
  expect(notes).toEqual([
    expect.stringMatching(/^version 3\.\d of 0\.yml becomes 3\.7: below it, docker stack deploy/),
  ]);
});

it.each(["version: '3.7'\n", "version: '3.10'\n", "version: '3'\n", "version: '2.4'\n", ""])(
  "a file that begins with %j stays as it is",
  async (is) => {
    expect(await raised(is + services)).toEqual({ texts: [is + services], notes: [] });
  },
);

it("JSON stays JSON", async () => {
  const { texts } = await raised('{ "version": "3.4", "services": { "db": { "image": "postgres" } } }');
  expect(texts).toEqual(['{ "version": "3.7", "services": { "db": { "image": "postgres" } } }']);
});

it("all files of a stack are raised", async () => {
  const { texts, notes } = await raised(`version: "3.5"\n${services}`, `version: '3.5'\n${services}`);
  expect(texts).toEqual([`version: "3.7"\n${services}`, `version: '3.7'\n${services}`]);
  expect(notes).toEqual([expect.stringContaining("version 3.5 of 0.yml, 1.yml becomes 3.7")]);
});

it("files of several versions, and a version that is not written out, are refused with what to write", async () => {
  await expect(raised(`version: "3.8"\n${services}`, `version: "3.5"\n${services}`)).rejects.toThrow(
    /needs files of one version: \S+1\.yml has 3\.5, \S+0\.yml has 3\.8$/,
  );
  await expect(raised(`version: "3.5"\n${services}`, services)).rejects.toThrow(/1\.yml has none$/);
  await expect(raised(`x-v: &v "3.5"\nversion: *v\n${services}`)).rejects.toThrow(/whose version is below 3\.7$/);
});

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeWorld } from "../../support/world.ts";
import { alarmsIn } from "./spot.ts";

// Whether a text is a test, an example or a document is said by its own name and by the project's folders: not by the
// folder in which somebody keeps the project, and not by a word that merely begins so.

const WEAK = "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: postgres\n";

test.each([
  "portainer-templates/wordpress/docker-compose.yml",
  "stack-template/db/compose.yaml",
  "linux-distribution/compose.yaml",
  "app-specific/compose.yaml",
  "compose.testing.yaml",
  "contest/compose.yaml",
  "latest/compose.yaml",
])("a default password in %s is one", (path) => {
  expect(alarmsIn(path, WEAK)).toEqual(["POSTGRES_PASSWORD"]);
});

test.each([
  "test/compose.yaml",
  "integration-tests/compose.yaml",
  "app/src/androidTest/compose.yaml",
  "api/examples/compose.yaml",
  "compose.test.yaml",
  "compose.sample.yaml",
  "docker-compose-example.yml",
  "template.yaml.dist",
  "my-template.yaml",
])("in %s it is made up", (path) => {
  expect(alarmsIn(path, WEAK)).toEqual([]);
});

describe("a project is read alike wherever it is kept", () => {
  test.each(["my-test", "docs/shop", "examples/shop", "locales"])("in %s", async (kept) => {
    const world = makeWorld("unix:///nowhere.sock");
    try {
      const root = join(world.dir, kept);
      for (const [file, text] of [
        ["deploy/compose.yaml", WEAK],
        ["test/compose.yaml", WEAK],
      ] as const) {
        mkdirSync(dirname(join(root, file)), { recursive: true });
        writeFileSync(join(root, file), text);
      }
      const { stdout } = await world.unsprawl(["scan", `dir:${kept}`, "--json"]);
      const { findings } = JSON.parse(stdout) as { findings: { location: { subjectName: string } }[] };
      expect(findings.map(({ location }) => location.subjectName)).toEqual(["deploy/compose.yaml"]);
    } finally {
      world.remove();
    }
  });
});

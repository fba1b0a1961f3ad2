import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NotMoved } from "../../../src/model/plan.ts";
import { layFiles } from "../../support/formats.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";
import { filled, PLATFORM_FILES } from "./fixtures.ts";

describe("plan dir: of what platforms start", () => {
  let world: World;
  let notMoved: readonly NotMoved[];
  const secrets = Array.from({ length: 4 }, password);
  beforeAll(async () => {
    world = makeWorld("unix:///nowhere");
    world.plant(Object.fromEntries(secrets.map((secret, at) => [`SECRET_${at + 1}`, secret])));
    const others = {
      "compose.yaml": `services:\n  db:\n    image: postgres\n    environment: {POSTGRES_PASSWORD: ${secrets[0]}}\n`,
      "app.env": `DB_PASSWORD=${secrets[0]}\n`,
      "pod.yaml": `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: a\n      env: [{name: DB_PASSWORD, value: ${secrets[0]}}]\n`,
      "settings.ini": `[db]\npassword = ${secrets[0]}\n`,
    };
    const files = Object.fromEntries(PLATFORM_FILES.map(({ file, text }) => [file, filled(text, secrets)]));
    layFiles(world.dir, { ...files, ...others });
    const names = [...Object.keys(files), ...Object.keys(others)].map((name) => `dir:${name}`);
    const ran = await world.unsprawl(["plan", ...names, "--to", "local", "--json"]);
    expect(ran.code, ran.stderr).toBe(3);
    ({ notMoved } = JSON.parse(ran.stdout) as { notMoved: readonly NotMoved[] });
  });
  afterAll(() => world.remove());

  it.each(PLATFORM_FILES.filter(({ way }) => way !== null))(
    "names the way of $platform for each secret",
    ({ file, at, way }) => {
      const own = notMoved.filter(({ finding }) => finding.location.subjectId === join(world.dir, file));
      expect(own.map(({ finding: { name } }) => name).sort()).toEqual(at.map(([name]) => name).sort());
      for (const { hint } of own) expect(hint).toMatch(way ?? /never/);
    },
  );

  it.each([
    ["compose.yaml", "unsprawl plan compose:compose.yaml --to STORE"],
    ["app.env", "unsprawl plan env:app.env --to STORE"],
    ["pod.yaml", "unsprawl plan kubernetes:pod.yaml --to STORE"],
    ["settings.ini", expect.stringMatching(/^let the program read it from a variable or a file/)],
  ])("names for %s the source that reads it as what it is", (file, hint) => {
    const own = notMoved.filter(({ finding }) => finding.location.subjectId === join(world.dir, file));
    expect(own.map((one) => one.hint)).toEqual([hint]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { servicePath, withPathsMoved } from "../../../migrations/compose/syntax/paths.ts";
import { loadProject } from "../../../migrations/compose/syntax/project.ts";

const dir = mkdtempSync(join(tmpdir(), "unsprawl-paths-"));
afterAll(() => rmSync(dir, { recursive: true }));

it("~ is the home folder in a service's paths, as Compose has it", () => {
  expect(["~/a.env", "~", "./a.env", "/a.env"].map((path) => servicePath("/srv", path))).toEqual([
    join(homedir(), "a.env"),
    homedir(),
    "/srv/a.env",
    "/a.env",
  ]);
});

it("absolute paths of env files, bases and included files are moved, and nothing else", async () => {
  const text = `x-env: &env ["\${DIR}/a.env", { path: ~/b.env, required: false }, ./c.env, /other/d.env]
include:
  - /srv/i.yaml # first
  - path: ["/srv/j.yaml", k.yaml]
    env_file: '/srv/j.env'
    project_directory: /srv
services:
  web: { image: /srv/image, env_file: *env, extends: { file: /srv/base.yaml, service: web }, volumes: [/srv/a:/a] }
  api: { env_file: /srv/a.env, environment: { FILE: /srv/a.env } }
  job: { extends: web }
`;
  const lookup = (name: string): string | null => (name === "DIR" ? "/srv" : null);
  const moved = await withPathsMoved({ file: "/srv/compose.yaml", text }, lookup, (path) =>
    path.startsWith("/other/") ? null : `/mem $x${path}`,
  );
  const home = homedir();
  expect(moved).toBe(
    text
      .replace('"${DIR}/a.env"', '"/mem $$$$x/srv/a.env"')
      .replace("~/b.env", `"/mem $$$$x${home}/b.env"`)
      .replace("- /srv/i.yaml", '- "/mem $$$$x/srv/i.yaml"')
      .replace('"/srv/j.yaml"', '"/mem $$$$x/srv/j.yaml"')
      .replace("'/srv/j.env'", '"/mem $$$$x/srv/j.env"')
      .replace("project_directory: /srv", 'project_directory: "/mem $$$$x/srv"')
      .replace("file: /srv/base.yaml", 'file: "/mem $$$$x/srv/base.yaml"')
      .replace("env_file: /srv/a.env", 'env_file: "/mem $$$$x/srv/a.env"'),
  );
});

it("an env file of the home folder is read", async () => {
  const file = join(dir, "compose.yaml");
  writeFileSync(file, "services: { web: { image: x, env_file: [{ path: ~/unsprawl-none.env, required: false }] } }\n");
  const faults: string[] = [];
  const load = async (): Promise<unknown> =>
    loadProject({
      files: [file],
      dir: null,
      name: "p",
      envFiles: [],
      env: {},
      tell: ({ message }) => faults.push(message),
    });
  await load();
  writeFileSync(file, "services: { web: { image: x, env_file: ~/unsprawl-none.env } }\n");
  await load();
  expect(faults).toEqual([expect.stringContaining(join(homedir(), "unsprawl-none.env"))]);
});

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { mountReaders } from "../../../migrations/compose/syntax/mounted.ts";
import { loadProject } from "../../../migrations/compose/syntax/project.ts";

const above = mkdtempSync(join(tmpdir(), "unsprawl-mounted-"));
const dir = join(above, "shop");
mkdirSync(dir);
symlinkSync(dir, join(above, "link"));
afterAll(() => rmSync(above, { recursive: true }));

const SERVICES = `x-code: &code ["\${CODE:-.}:/app"]
services:
  short: { image: php, volumes: [".:/var/www:ro"] }
  long: { image: php, volumes: [{ type: bind, source: ./, target: /var/www }] }
  file: { image: php, volumes: ["./.env:/app/.env"] }
  above: { image: php, volumes: ["../:/src"] }
  merged: { image: php, volumes: *code }
  itself: { image: php, volumes: [".:/app"] }
  named: { image: php, volumes: ["data:/app", "/anonymous"] }
  below: { image: php, volumes: ["./public:/app", "./.env.d:/x"] }
  web: { image: "docker.io/library/nginx:1.27", volumes: [".:/usr/share/nginx/html"] }
  linked: { image: php, volumes: ["../link:/app"] }
  monitor: { image: cadvisor, volumes: ["/:/rootfs:ro", "\${TOP}:/backup:ro"] }
  none: { image: php }
volumes: { data: }
`;

it("an env file in a mount may be read by that service, unless it has the variable or only hands out files", async () => {
  const file = join(dir, "compose.yaml");
  writeFileSync(file, SERVICES);
  const project = await loadProject({
    files: [file],
    dir: null,
    name: "p",
    envFiles: [],
    env: { TOP: `/${dir.split("/")[1] ?? ""}` },
  });
  const readers = mountReaders(project, join(dir, ".env"), (service) => service === "itself");
  expect(readers).toEqual(["short", "long", "file", "above", "merged", "linked"]);
});

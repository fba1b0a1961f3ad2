import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { keptLines } from "../../../migrations/compose/syntax/kept-lines.ts";
import { loadProject } from "../../../migrations/compose/syntax/project.ts";

const dir = mkdtempSync(join(tmpdir(), "unsprawl-unseen-"));
afterAll(() => rmSync(dir, { recursive: true }));

const SERVICES = `x-unused: { build: { args: { UNUSED: "\${UNUSED}" } } }
services:
  job: { image: a, env_file: [.env, other.env] }
  web:
    image: a
    build: { context: ., args: { A: "\${ARG}" }, labels: { l: "\${BUILD_LABEL}" } }
    labels: [ "l=\${LABEL}" ]
    command: "--key=\${WORD}"
    post_start: [ { command: "psql \${HOOK}", user: root } ]
    pre_stop: [ { command: [ "sh", "-c", "x" ], environment: [ "X=\${STOP}" ] } ]
  files: { image: a, volumes: [ "./other.env:/app/.env" ] }
secrets: { s: { environment: GRANT } }
configs: { c: { content: "\${CONTENT}" }, d: { environment: CONFIG } }
`;
const NAMES = "ARG BUILD_LABEL LABEL WORD HOOK STOP GRANT CONTENT CONFIG UNUSED NOWHERE".split(" ");

it("a line of an env file is needed by what Compose builds, makes and runs itself, and by a mount; not by what inspect shows", async () => {
  const file = join(dir, "compose.yaml");
  writeFileSync(file, SERVICES);
  writeFileSync(join(dir, ".env"), NAMES.map((name) => `${name}=x\n`).join(""));
  writeFileSync(join(dir, "other.env"), "MOUNTED=x\n");
  const project = await loadProject({ files: [file], dir: null, name: "p", envFiles: [], env: {} });
  const kept = [...keptLines(project, "job", [...NAMES, "MOUNTED", "MISSING"]).values()];
  expect(Object.fromEntries(kept.map(({ place, why }) => [place.name, why.replaceAll(`${dir}/`, "")]))).toEqual({
    ARG: "from which services.web.build.args.A (compose.yaml:6) is filled",
    HOOK: "from which services.web.post_start[0].command (compose.yaml:9) is filled",
    STOP: "from which services.web.pre_stop[0].environment[0] (compose.yaml:10) is filled",
    GRANT: "from which secrets.s.environment (compose.yaml:12) is filled",
    CONTENT: "from which configs.c.content (compose.yaml:13) is filled",
    CONFIG: "from which configs.d.environment (compose.yaml:13) is filled",
    MOUNTED: "which files mounts and may read itself",
  });
});

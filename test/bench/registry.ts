// `npm run build && npm run bench`: prints figures, asserts nothing. A real registry with 2,000 images of a
// MiB each is scanned without pulling one.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pMap from "p-map";
import { openRegistry } from "../../src/images/registry/client.ts";
import { walkRegistry } from "../../src/images/registry/walk.ts";
import { startRegistry } from "../services/registry.ts";
import { clientOf, forever, NO_FOLDERS, pushImage } from "../support/pushed.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const IMAGES = 2000;
const REPOSITORIES = 20;
const LAYER = 1024 * 1024;

const server = await startRegistry();
const dir = mkdtempSync(join(tmpdir(), "unsprawl-bench-registry-"));
try {
  const registry = clientOf(server);
  const began = performance.now();
  const layer = randomBytes(LAYER);
  for (let at = 0; at < REPOSITORIES; at++) await registry.putBlob(`team/app-${at}`, layer, forever);
  await pMap(
    Array.from({ length: IMAGES }, (_, at) => at),
    (at) =>
      pushImage(
        registry,
        `team/app-${at % REPOSITORIES}`,
        [`v${at}`],
        {
          config: { Env: ["PATH=/usr/bin", `DB_PASSWORD=${randomBytes(12).toString("hex")}`, "LOG_LEVEL=info"] },
          history: Array.from({ length: 12 }, (_, step) => ({
            created_by: `RUN /bin/sh -c make step-${step} # buildkit`,
          })),
        },
        { layer, uploaded: true },
      ),
    { concurrency: 8 },
  );
  const pushed = performance.now() - began;
  const env = { PATH: process.env["PATH"], HOME: dir, XDG_STATE_HOME: join(dir, "state"), XDG_CONFIG_HOME: dir };
  const scans: number[] = [];
  let findings = 0;
  for (let turn = 0; turn < 3; turn++) {
    const started = performance.now();
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [MAIN, "scan", `registry:${server.host}/*`, "--json", "--fail-on", "never"],
      { env, maxBuffer: 1 << 28 },
    );
    scans.push(performance.now() - started);
    findings = (JSON.parse(stdout) as { summary: { findings: number } }).summary.findings;
  }
  const reader = openRegistry(server.host, { env, know: () => undefined, folders: NO_FOLDERS });
  const all = { host: server.host, repository: null, tag: "*", digest: null };
  for await (const step of walkRegistry(reader, all, forever))
    if (step.kind === "found") await reader.json(step.repository, step.manifest.document["config"] as never, forever);
  reader.close();
  const held = IMAGES * LAYER;
  const rows = [
    ["measured", "figure", "goal"],
    [
      `scan of ${IMAGES} images in ${REPOSITORIES} repositories, median of 3`,
      `${((scans.sort((a, b) => a - b)[1] ?? 0) / 1000).toFixed(1)} s`,
      "20 s",
    ],
    ["findings", String(findings), String(IMAGES)],
    [
      "bytes read, of the layers' bytes",
      `${reader.bytesRead} of ${held}: 1/${Math.round(held / reader.bytesRead)}`,
      "1/50",
    ],
    ["(pushed in)", `${(pushed / 1000).toFixed(0)} s`, ""],
  ];
  for (const row of rows)
    process.stdout.write(
      `${row
        .map((cell) => cell.padEnd(60))
        .join(" ")
        .trimEnd()}\n`,
    );
  registry.close();
} finally {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
}

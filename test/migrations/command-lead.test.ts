import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { composeSource } from "../../migrations/compose/read.ts";
import { dockerfileSource } from "../../migrations/dockerfile/read.ts";
import { kubernetesSource } from "../../migrations/kubernetes/read.ts";
import { systemdSource } from "../../migrations/systemd/read.ts";
import type { Source } from "../../src/contract/source.ts";
import { detector } from "../../src/detect/index.ts";
import { twelveSecrets } from "../support/secrets.ts";

// An entrypoint and its arguments are one command, whatever file gives them.

let dir: string;
const { DB_PASSWORD = "" } = twelveSecrets();
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-lead-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The masked secrets of the Cmd in a file, as its source reads it. */
async function masked(source: Source, file: string, text: string): Promise<readonly string[]> {
  writeFileSync(join(dir, file), text);
  const found: string[] = [];
  for await (const reading of source.read(file, new AbortController().signal)) {
    if (reading.kind !== "subject") continue;
    for (const { name, value, location, lead } of reading.candidates) {
      const question = { name, where: location.where, value, ...(lead !== undefined && { lead }) };
      if (detector.classify(question).secret) found.push(`${name} ${detector.mask(question)}`);
    }
  }
  return found;
}

const pod = (command: string, args: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: app\n      image: a\n${command}      args: ${args}\n`;

test("a container's command and args of Kubernetes", async () => {
  const source = kubernetesSource(dir);
  const args = `["-a", "${DB_PASSWORD}", "ping"]`;
  const command = `      command: ["redis-cli", "-h", "cache"]\n`;
  expect(await masked(source, "pod.yaml", pod(command, args))).toEqual(["Cmd redis-cli -a ••••"]);
  expect(await masked(source, "other.yaml", pod(`      command: ["ls"]\n`, `["-a", "/data", "ping"]`))).toEqual([]);
});

test("a Dockerfile's ENTRYPOINT and CMD, of one stage", async () => {
  const source = dockerfileSource(dir);
  const cmd = `CMD ["-a", "Mocha1234"]\n`;
  const entrypoint = `ENTRYPOINT ["redis-cli"]\n`;
  const found = ["CMD redis-cli -a ••••"];
  expect(await masked(source, "one", `FROM a\n${entrypoint}${cmd}`)).toEqual(found);
  expect(await masked(source, "two", `FROM a\n${cmd}${entrypoint}`)).toEqual(found);
  expect(await masked(source, "three", `FROM a\n${entrypoint}FROM b\n${cmd}`)).toEqual([]);
});

test("a Compose service's entrypoint and command, and the items of each list, however they are written", async () => {
  const source = composeSource(dir, {});
  const found = ["command redis-cli -a ••••"];
  const service = (text: string): string => `services:\n  a:\n    image: redis\n${text}`;
  const list = `    command:\n      - redis-cli\n      - -a\n      - "${DB_PASSWORD}"\n`;
  const lead = `    entrypoint: ["redis-cli"]\n`;
  expect(await masked(source, "list.yaml", service(list))).toEqual(found);
  expect(await masked(source, "two.yaml", service(`${lead}    command: ["-a", "${DB_PASSWORD}", "ping"]\n`))).toEqual(
    found,
  );
  expect(
    await masked(source, "text.yaml", service(`    entrypoint: redis-cli\n    command: -a Mocha1234 ping\n`)),
  ).toEqual(found);
  const check = `    healthcheck: { test: [CMD, redis-cli, -a, "${DB_PASSWORD}", ping] }\n`;
  expect(await masked(source, "check.yaml", service(check))).toEqual(["test redis-cli -a ••••"]);
  // Another service's entrypoint is no concern of this one.
  const other = service(lead).replace("  a:", "  b:");
  const alone = `  a: { image: app, command: ["-a", "/data", "ping"] }\n`;
  expect(await masked(source, "other.yaml", other + alone)).toEqual([]);
});

test("a Quadlet container's Entrypoint and Exec", async () => {
  const source = systemdSource(dir, {});
  const unit = (entrypoint: string, exec: string): string => `[Container]\nImage=redis\n${entrypoint}Exec=${exec}\n`;
  expect(await masked(source, "a.container", unit("Entrypoint=redis-cli\n", "-a Mocha1234 ping"))).toEqual([
    "Exec redis-cli -a ••••",
  ]);
  expect(await masked(source, "b.container", unit("", "redis-cli -a Mocha1234 ping"))).toEqual([
    "Exec redis-cli -a ••••",
  ]);
  expect(await masked(source, "c.container", unit("", "-a /data ping"))).toEqual([]);
});

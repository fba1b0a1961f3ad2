import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { composeChange, serviceFolder, type ComposeSite } from "../../../migrations/compose/delivery/change.ts";
import { SCRIPT } from "../../../migrations/compose/delivery/script.ts";
import { composeCli, type ComposeCli } from "../../../migrations/compose/engine/cli.ts";
import { carriedSecret } from "../../../migrations/compose/rewrite/carries.ts";
import { onlyDelivery } from "../../../migrations/compose/rewrite/compare.ts";
import type { ServiceChange } from "../../../migrations/compose/rewrite/change.ts";
import { rewriteProject } from "../../../migrations/compose/rewrite/index.ts";
import { home } from "../../../migrations/compose/syntax/home.ts";
import { loadProject, type ComposeService } from "../../../migrations/compose/syntax/project.ts";
import type { DeliverySubject, RunChange } from "../../../src/contract/delivery.ts";
import type { Move } from "../../../src/model/plan.ts";
import { Secret } from "../../../src/model/secret.ts";
import { composeCli as installed } from "../../services/compose.ts";

// However a project writes its own `secrets:` and `configs:`, they stay, and Compose makes of the new entries what was meant.

const ENV = { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent" };
const dir = mkdtempSync(join(tmpdir(), "unsprawl-entries-"));
afterAll(() => rmSync(dir, { recursive: true }));

let compose: ComposeCli;
beforeAll(async () => {
  await installed();
  compose = composeCli(ENV, null, async (text) => text);
});

const SHIM: RunChange = {
  ...{ unset: ["TOKEN"], set: [], mounts: [{ source: "/anywhere", target: "/run/unsprawl" }], runtime: null },
  ...{ entrypointPrefix: ["/bin/sh", "/run/unsprawl/entrypoint"], healthcheckPrefix: null },
};

type Files = { readonly [name: string]: string };

/** Moves TOKEN of every service by the shim; the new texts, once Compose has made the same of them but for that. */
async function rewritten(files: Files, given: readonly string[] = ["compose.yaml"], value = "s3"): Promise<Files> {
  const at = mkdtempSync(join(dir, "p-"));
  const write = (name: string, text: string): void => {
    mkdirSync(join(at, name, ".."), { recursive: true });
    writeFileSync(join(at, name), text);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  const paths = given.map((name) => join(at, name));
  const project = await loadProject({ files: paths, dir: null, name: "p", envFiles: [], env: ENV });
  const call = { name: "p", dir: at, files: paths, envFiles: [], outer: null, profiles: [] };
  const before = await compose.config(call);
  const wishes = [...project.services.keys()].map((service): ServiceChange => {
    const site: ComposeSite = {
      ...{ project: "p", service, owner: { uid: 1, gid: 2 }, shownReference: (reference) => reference },
      folder: join("/run/unsprawl", serviceFolder("p", service)),
      script: join(home(project.services.get(service) as ComposeService)?.dir ?? at, "unsprawl-entrypoint.sh"),
    };
    const bare = {
      subject: { mountTargets: [] } as unknown as DeliverySubject,
      earlier: [],
      health: null,
      words: null,
      hasScript: false,
      earlierCheck: [],
    };
    const moves = [{ name: "TOKEN", reference: `ref+vault://secret/${service}#/TO$KEN` } as Move];
    const change = composeChange(SHIM, bare, moves, site);
    const secret = { ...carriedSecret(Secret.of(value), null), name: "TOKEN", masked: "••••" };
    return { service, change, moves: [secret], entrypoint: ["run"], cmd: [], health: null, words: null };
  });
  const made = await rewriteProject(project, wishes, new Set());
  for (const { file, text } of made.files) writeFileSync(file, text);
  onlyDelivery(before, await compose.config(call), wishes);
  return Object.fromEntries(made.files.map(({ file, text }) => [file.slice(at.length + 1), text]));
}

const service = (more = ""): string => `services:\n  web:\n    image: x\n    environment:\n      TOKEN: s3${more}\n`;
const OWN = "secrets:\n  own: { file: ./own.txt }\n";

describe("existing entries stay", () => {
  test.each<[string, string]>([
    ["none", service()],
    ["a file without an end of line", service().trimEnd()],
    ["a short list", `${service("\n    secrets: [own]")}${OWN}`],
    ["a list of items", `${service("\n    secrets:\n      - own # mine")}${OWN}`],
    [
      "a long list",
      `${service("\n    secrets:\n      - source: own\n        target: /etc/own\n        mode: 0440")}${OWN}`,
    ],
    ["an empty list", service("\n    secrets: []\n    configs: []")],
    ["a flow map", `${service("\n    secrets: [own]")}secrets: { own: { file: ./own.txt } }\n`],
    ["an empty map", `${service()}secrets: {}\nconfigs: {}\n`],
    ["top-level keys before the services", `${OWN}configs:\n  c: { content: a }\n${service("\n    configs: [c]")}`],
    ["a key of the same name", `${service()}secrets:\n  web_TOKEN: { file: ./own.txt }\n`],
    ["a service on one line", `services:\n  web: { image: x, environment: { TOKEN: s3 }, secrets: [own] }\n${OWN}`],
    ["volumes that are names alone", `${service()}volumes: { "data", logs }\n`],
    ["a list that is merged in", `x-a: &a\n  secrets: [own]\n${service("\n    <<: *a")}${OWN}`],
    ["a list that is an alias", `x-a: &a [own]\n${service("\n    secrets: *a")}${OWN}`],
    ["a byte order mark", `\ufeff${service()}`],
    ["Windows line ends", `${service("\n    secrets:\n      - own")}${OWN}`.replaceAll("\n", "\r\n")],
    ["a fixed name", `${service("\n    secrets: [own]")}secrets:\n  own:\n    file: own.txt\n    name: other\n`],
  ])("%s", async (_what, text) => {
    const { "compose.yaml": now = "", "unsprawl-entrypoint.sh": script } = await rewritten({
      ...{ "compose.yaml": text, "own.txt": "x" },
    });
    expect(script).toContain("#!/bin/sh");
    expect(now).toContain("/compose/p/web/TOKEN");
    expect(now).toContain('ref: "ref+vault://secret/web#/TO$$KEN"');
    expect(now).not.toContain("s3");
    for (const line of text.split(/\r?\n/).filter((one) => /own|content/.test(one) && !/TOKEN|secrets/.test(one)))
      expect(now).toContain(line);
  });

  test("JSON stays JSON", async () => {
    const text = JSON.stringify({
      services: { web: { image: "x", environment: { TOKEN: "s3", A: "1" }, secrets: ["own"], entrypoint: ["run"] } },
      secrets: { own: { file: "./own.txt" } },
    });
    const { "compose.yaml": now = "" } = await rewritten({ "compose.yaml": text });
    expect(Object.keys((JSON.parse(now) as { secrets: object }).secrets)).toEqual(["own", "web_TOKEN"]);
  });
});

describe("the file of the service gets the entry", () => {
  test("an override", async () => {
    const base = "services:\n  web: { image: x, secrets: [own] }\nsecrets: { own: { file: ./own.txt } }\n";
    const files = { "compose.yaml": base, "override.yaml": "services:\n  web:\n    environment: [TOKEN=s3]\n" };
    const now = await rewritten(files, ["compose.yaml", "override.yaml"]);
    expect(now["compose.yaml"]).toBeUndefined();
    expect(now["override.yaml"]).toContain("web_TOKEN:");
  });

  test("a service that the override takes away, or describes alone", async () => {
    const base = `${service()}  gone: { image: x, command: run, environment: { TOKEN: s3 } }\n  alone: { image: x, environment: { TOKEN: s3, A: 1 } }\n`;
    const over = "services:\n  gone: !reset null\n  alone: !override { image: x, environment: { TOKEN: s3, B: 1 } }\n";
    const files = { "compose.yaml": base, "override.yaml": over };
    const now = await rewritten(files, ["compose.yaml", "override.yaml"]);
    expect(now["compose.yaml"]).toContain("  gone: { image: x, command: run, environment: { TOKEN: s3 } }\n");
    expect(now["compose.yaml"]).toContain("  alone: { image: x, environment: { TOKEN: s3, A: 1 } }\n");
    expect(now["override.yaml"]).toContain("alone_TOKEN");
  });

  test("included projects, each with a script of its own", async () => {
    const other = service().replace("web", "api");
    const now = await rewritten({
      "compose.yaml": `include: [beside.yaml, sub/compose.yaml]\n${service()}`,
      "beside.yaml": service().replace("web", "job"),
      "sub/compose.yaml": other,
    });
    expect(Object.keys(now).sort()).toEqual([
      ...["beside.yaml", "compose.yaml", "sub/compose.yaml", "sub/unsprawl-entrypoint.sh", "unsprawl-entrypoint.sh"],
    ]);
  });

  test("two services share one entry for the script", async () => {
    const two = `${service()}  api:\n    image: x\n    environment: { TOKEN: s3 }\n`;
    const { "compose.yaml": now = "" } = await rewritten({ "compose.yaml": two });
    expect(now.match(/\{ file: "\.\/unsprawl-entrypoint\.sh" \}/g)).toHaveLength(1);
    expect(now.match(/^secrets:/gm)).toHaveLength(1);
  });
});

test("a line of .env that another one is filled from goes with it, in any order", async () => {
  const two = ["CONN", "PW"].map((from, at) => `  s${at}:\n    image: x\n    environment: { TOKEN: "\${${from}}" }\n`);
  for (const order of [two, two.toReversed()]) {
    const files = {
      "compose.yaml": `services:\n${order.join("")}`,
      ".env": "PW=s3cret\nCONN=db://u:${PW}@h\nA=1\n",
    };
    const now = await rewritten(files, ["compose.yaml"], "s3cret");
    expect(now[".env"]).toBe("A=1\n");
  }
});

test("the scripts of earlier versions are replaced", async () => {
  for (const name of ["1.sh", "2.sh"]) {
    const earlier = readFileSync(join(import.meta.dirname, "../../fixtures/entrypoints", name), "utf8");
    const now = await rewritten({ "compose.yaml": service(), "unsprawl-entrypoint.sh": earlier });
    expect(now["unsprawl-entrypoint.sh"]).toBe(SCRIPT);
  }
  expect(await rewritten({ "compose.yaml": service(), "unsprawl-entrypoint.sh": SCRIPT })).not.toHaveProperty([
    "unsprawl-entrypoint.sh",
  ]);
});

describe("refused, with the reason", () => {
  test.each<[string, Files, RegExp]>([
    [
      "a top-level map that is an alias",
      { "compose.yaml": `x-s: &s { own: { file: ./own.txt } }\n${service()}secrets: *s\n` },
      /are not a plain map/,
    ],
    [
      "another file of the script's name",
      { "compose.yaml": service(), "unsprawl-entrypoint.sh": "#!/bin/sh\n" },
      /is not unsprawl's start script/,
    ],
  ])("%s", async (_what, files, why) => {
    await expect(rewritten(files)).rejects.toThrow(why);
  });
});

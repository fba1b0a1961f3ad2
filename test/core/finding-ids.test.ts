import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findingIds } from "../../src/core/finding-id.ts";
import type { Finding } from "../../src/model/finding.ts";
import { placeText } from "../../src/model/place.ts";
import { fingerprintKey } from "../../src/model/fingerprint.ts";
import { file, header, saved, tar } from "../images/layers/tar-bytes.ts";
import { Draw } from "../support/draw.ts";
import { makeWorld } from "../support/world.ts";

// A finding's id stays the same for as long as the secret stays where it is, across versions too: baselines, ignore
// files and the history know findings by it. So the ids of a fixed world are written down. A change here is a change
// for everybody who has a baseline.

const world = makeWorld("unix:///nowhere");
afterAll(() => world.remove());

const draw = new Draw(20_261_128);
const LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
/** The same values in each run, and none of them in this file. */
const value = (length = 24): string => Array.from({ length }, () => draw.one(LETTERS.split(""))).join("");

function write(name: string, content: string | Buffer): void {
  mkdirSync(dirname(join(world.dir, name)), { recursive: true });
  writeFileSync(join(world.dir, name), content);
}

const key = createHash("sha256").update("the key of the test of finding ids").digest("hex");
const ids = fingerprintKey(Buffer.from(key));
write("fingerprint", key);
world.env["UNSPRAWL_FINGERPRINT_KEY_FILE"] = join(world.dir, "fingerprint");

const token = `ghp_${value(36)}`;
write(
  "shop/compose.yaml",
  [
    "services:",
    "  web:",
    "    image: shop/web:1",
    `    command: ["serve", "--password", "${value()}"]`,
    "    environment:",
    `      DB_PASSWORD: ${value()}`,
    `      API_URL: https://app:${value()}@api.example.org/v1`,
    "      FROM_DOTENV: ${SMTP_PASSWORD}",
    `    labels: {com.example.token: ${token}}`,
    "  worker:",
    "    image: shop/worker:1",
    "    env_file: worker.env",
    "    environment:",
    `      - GITHUB_TOKEN=${token}`,
    "",
  ].join("\n"),
);
write("shop/.env", `SMTP_PASSWORD=${value()}\n`);
write("shop/worker.env", `# the worker's\nQUEUE_PASSWORD=${value()}\nLEVEL=info\nSESSION_SECRET="${value(40)}"\n`);
write(
  "run.sh",
  [
    "#!/bin/sh",
    `export TOKEN_SECRET=${value()}`,
    `docker run -d --name api -e API_PASSWORD=${value()} \\`,
    `  -e GITHUB_TOKEN='${token}' shop/api:1 --auth-token ${value(40)}`,
    "docker run -d --name other --env-file shop/worker.env shop/other:1",
    "",
  ].join("\n"),
);
write(
  "Dockerfile",
  `FROM busybox AS base\nARG NPM_TOKEN=${value(36)}\nENV DB_PASSWORD=${value()} LEVEL=info\nFROM base\nENV API_SECRET ${value(40)}\n`,
);
write(
  "units/shop.service",
  `[Service]\nEnvironment=DB_PASSWORD=${value()} "API_TOKEN=${value(40)}"\nEnvironmentFile=shop.env\nExecStart=/usr/bin/shop --password=${value()}\n`,
);
write("units/shop.env", `MAIL_PASSWORD=${value()}\n`);
write("units/app.container", `[Container]\nImage=shop/app:1\nEnvironment=DB_PASSWORD=${value()}\n`);
write(
  "k8s/app.yaml",
  [
    "apiVersion: apps/v1",
    "kind: Deployment",
    "metadata: {name: shop, namespace: prod}",
    "spec:",
    "  selector: {matchLabels: {app: shop}}",
    "  template:",
    "    metadata: {labels: {app: shop}}",
    "    spec:",
    "      containers:",
    "        - name: web",
    "          image: shop/web:1",
    "          env:",
    `            - {name: DB_PASSWORD, value: ${value()}}`,
    `            - {name: GITHUB_TOKEN, value: ${token}}`,
    "---",
    "apiVersion: v1",
    "kind: ConfigMap",
    "metadata: {name: shop, namespace: prod}",
    `data: {SMTP_PASSWORD: ${value()}}`,
    "",
  ].join("\n"),
);
write(
  "inspect.json",
  JSON.stringify([
    {
      Id: "c".repeat(64),
      Name: "/shop-web-1",
      Image: `sha256:${"d".repeat(64)}`,
      State: { Running: true },
      Config: {
        Image: "shop/web:1",
        Env: ["PATH=/bin", `DB_PASSWORD=${value()}`, `URL=postgres://app:${value()}@db:5432/app`, `GH=${token}`],
        Cmd: ["redis-server", "--requirepass", value()],
        Entrypoint: ["serve", `--password=${value()}`],
        Labels: { "com.example.token": token, "com.example.other": "plain" },
        Healthcheck: { Test: ["CMD-SHELL", `curl -u admin:${value()} http://localhost/`] },
      },
      HostConfig: { LogConfig: { Type: "splunk", Config: { "splunk-token": value(36) } } },
    },
    {
      Id: `sha256:${"e".repeat(64)}`,
      RepoTags: ["shop/web:1"],
      Config: { Env: [`IMAGE_PASSWORD=${value()}`], Labels: { "api.token": token }, Cmd: ["sh"] },
      History: [{ created_by: `RUN |1 NPM_TOKEN=${value(36)} /bin/sh -c npm ci` }],
    },
  ]),
);
const env = (name: string, ...lines: readonly string[]): Buffer => file(name, `${lines.join("\n")}\n`);
write(
  "image.tar",
  saved({
    tag: "shop/layers:1",
    layers: [
      tar(env("app/.env", `DB_PASSWORD=${value()}`, `SESSION_SECRET=${value(40)}`), env("app/kept.env", `A=${token}`)),
      tar(env("app/.env", `DB_PASSWORD=${value()}`), header({ name: "app/.wh.kept.env" })),
    ],
  }),
);
write("tree/config.yml", `database:\n  password: ${value()}\ngithub: ${token}\n`);
write("tree/deep/settings.json", JSON.stringify({ smtp: { password: value() }, token }, null, 2));

type Found = Pick<Finding, "id" | "fingerprint" | "name" | "location">;

/**
 * Each finding of a scan as `ID WHERE NAME`, sorted. A file's id depends on its absolute path, so it is computed as if
 * the world lay in /srv; that the report's own ids are made in the same way is checked beside it.
 */
async function found(...args: readonly string[]): Promise<string[]> {
  const ran = await world.unsprawl(["scan", ...args, "--json"]);
  const { findings } = JSON.parse(ran.stdout) as { findings: Found[] };
  const inSrv = JSON.parse(ran.stdout.replaceAll(realpathSync(world.dir), "/srv")) as { findings: Found[] };
  const [here, there] = [findingIds(ids), findingIds(ids)];
  expect(findings.map((one) => here(one.fingerprint, one.name, one.location))).toEqual(findings.map(({ id }) => id));
  // A plan of an earlier version has only the text of a place.
  const earlier = findingIds(ids);
  expect(
    findings.map(({ fingerprint, name, location: { place: _place, lastingName: _name, ...location } }) =>
      earlier(fingerprint, name, location),
    ),
  ).toEqual(findings.map(({ id }) => id));
  expect(findings.map(({ location }) => location.place && placeText(location.place))).toEqual(
    findings.map(({ location }) => location.path),
  );
  return inSrv.findings
    .map((one) => `${there(one.fingerprint, one.name, one.location)} ${one.location.where} ${one.name}`)
    .toSorted();
}

const KEPT = JSON.parse(readFileSync(new URL("finding-ids.json", import.meta.url), "utf8")) as {
  readonly [source: string]: readonly string[];
};

describe("the ids of findings are those of earlier versions", () => {
  it.each(Object.keys(KEPT))("%s", async (source) => {
    expect(await found(...source.split(" "))).toEqual(KEPT[source]);
  });

  it("and a baseline knows them", async () => {
    const at = "compose:shop/compose.yaml";
    const first = await world.unsprawl(["scan", at, "--json"]);
    writeFileSync(join(world.dir, "baseline.json"), first.stdout);
    const again = await world.unsprawl(["scan", at, "--baseline", "baseline.json", "--json"]);
    expect(again.code, again.stderr).toBe(0);
  });
});

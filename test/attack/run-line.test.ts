import { randomInt } from "node:crypto";
import { expect, it } from "vitest";
import { detector } from "../../src/detect/index.ts";
import { hideSecrets } from "../../migrations/docker-container/run-line/hide.ts";
import { runLine, runText } from "../../migrations/docker-container/run-line/index.ts";
import { random } from "../support/canary.ts";
import type { ContainerDoc, ImageDoc } from "../../src/engine/types.ts";

// The printed `docker run` line does not rest on detection: what it misses is not printed either.

const NOTHING = { unset: [], set: [], mounts: [], entrypointPrefix: null, healthcheckPrefix: null, runtime: null };
const MISSED = "cornflower"; // no detection can take a word for a secret

const image = {
  Id: "sha256:0",
  Config: {
    Env: ["LANG=C.UTF-8", "MODE=fast"],
    Labels: { vendor: "example" },
    Entrypoint: ["/entry.sh"],
    Cmd: ["serve", "--all"],
    Healthcheck: { Test: ["CMD", "check"] },
  },
} as unknown as ImageDoc;

function container(config: object, host: object = {}): ContainerDoc {
  return {
    Id: "0".repeat(64),
    Name: "/web",
    Image: "sha256:0",
    State: { Status: "running", Running: true, Paused: false },
    Config: { ...image.Config, ...config },
    HostConfig: { NetworkMode: "net", ...host },
    NetworkSettings: { Networks: { net: { DriverOpts: { "com.example.note": MISSED } } } },
  };
}

function shown(doc: ContainerDoc, change: object = {}): string {
  const hidden = hideSecrets(doc, image, detector);
  const line = runLine({ doc: hidden.doc, image }, "web:1", { ...NOTHING, ...change }, hidden.names);
  return JSON.stringify([runText(line, hidden.redact), line.cannot, hidden.places]);
}

it("prints no value that neither the image nor the delivery sets, whatever detection says", () => {
  const volume = { Type: "volume", Target: "/d", VolumeOptions: { DriverConfig: { Options: { o: MISSED } } } };
  const text = shown(
    container(
      {
        Env: ["LANG=C.UTF-8", `WIFI_KEY=${MISSED}`, `NOTE=two ${MISSED} words`, `MODE=${MISSED}`],
        Labels: { vendor: "example", note: MISSED },
        Cmd: ["serve", `-p${MISSED}`],
        Entrypoint: ["/other.sh", MISSED],
        Healthcheck: { Test: ["CMD-SHELL", `curl -u me:${MISSED} http://x`] },
      },
      {
        Annotations: { note: MISSED },
        LogConfig: { Type: "syslog", Config: { tag: MISSED, "max-size": "10m" } },
        Mounts: [volume],
      },
    ),
  );
  expect(text).not.toContain(MISSED);
  expect(text).toContain("-e WIFI_KEY -e NOTE -e MODE ");
  expect(text).toContain("--log-opt max-size=10m");
});

it("still prints what the image and the delivery set, and what is no secret by its form", () => {
  const env = ["LANG=C.UTF-8", "PORT=8080", "DEBUG=false", "MODE=fast", "TIMEOUT=30s", "DB_PASSWORD=ref+sops://x#/y"];
  const text = shown(container({ Env: env, Cmd: ["serve", "8080"] }), {
    set: [{ name: "DB_PASSWORD", value: "ref+sops://x#/y" }],
  });
  expect(text).toContain("-e PORT=8080 -e DEBUG=false -e TIMEOUT=30s -e 'DB_PASSWORD=ref+sops://x#/y' ");
  expect(text).toContain(" web:1 serve 8080");
  expect(text).not.toContain("LANG");
});

it("prints no number that its name gives away", () => {
  const text = shown(container({ Env: ["ADMIN_PASSWORD=48211"], Labels: { "admin.password": "48211" } }));
  expect(text).not.toContain("48211");
});

const letters = (length: number): string =>
  Array.from({ length }, () => String.fromCharCode((randomInt(2) === 0 ? 65 : 97) + randomInt(26))).join("");

it.each([
  ["letters and digits", random(20)],
  ["letters alone", letters(20)],
  ["small letters alone", letters(14).toLowerCase()],
])("prints no secret of the image's own command, where the delivery has to repeat it: %s", (_what, secret) => {
  const entrypoint = ["/entry.sh", `--admin-password=${secret}`];
  const leaky = { ...image, Config: { ...image.Config, Entrypoint: entrypoint } } as unknown as ImageDoc;
  const doc = container({ Entrypoint: entrypoint });
  const hidden = hideSecrets(doc, leaky, detector);
  const change = { ...NOTHING, entrypointPrefix: ["/bin/sh", "/run/unsprawl/entrypoint"] };
  const line = runLine({ doc: hidden.doc, image: leaky }, "web:1", change, hidden.names);
  const text = runText(line, hidden.redact);
  expect(text).toContain("/run/unsprawl/entrypoint");
  expect(text).not.toContain(secret);
});

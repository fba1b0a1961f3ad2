import { randomBytes } from "node:crypto";
import { fingerprint, type FingerprintKey } from "../../src/model/fingerprint.ts";
import type { Plan, Step } from "../../src/model/plan.ts";
import { locationAt, type PlacedLocation } from "../../src/model/location.ts";
import type { Place } from "../../src/model/place.ts";
import type { Secret } from "../../src/model/secret.ts";
import type { ScanHit } from "../../src/core/scan-hit.ts";

/** A plan that is sound in form and moves nothing real. */
export function planOf(id: string, units: readonly string[] = ["web"]): Plan {
  return {
    version: 1,
    id,
    createdAt: "2026-11-25T00:00:00.000Z",
    keyId: "00000000",
    migration: "docker-container",
    engine: { id: "ENGINE", address: "unix:///x" },
    store: { name: "here", provider: "local", settings: {} },
    steps: units.map(putStep),
    notMoved: [],
    warnings: [],
  };
}

export function locationOf(subject: string, path = "Config.Env[0]"): PlacedLocation {
  const [, field = path, index] = /^(.*)\[(\d+)\]$/.exec(path) ?? [];
  const place: Place = { kind: "field", field, ...(index === undefined ? {} : { index: Number(index) }) };
  return locationAt("docker:", { kind: "container", name: subject, id: `id-${subject}` }, "env", place);
}

function putStep(unit: string): Step {
  const move = {
    name: "A",
    location: locationOf(unit),
    fingerprint: "f",
    length: 1,
    key: { path: unit, field: "A" },
    reference: "ref+sops://x#/A",
  };
  return { id: `put:${unit}/A`, kind: "put", unit, move, found: "absent", overwrite: false };
}

/** A finding in a container, with its value. */
export function hitOf(subject: string, name: string, value: Secret, key: FingerprintKey): ScanHit {
  const location = locationOf(subject, `Config.Env.${name}`);
  const finding = {
    id: `${subject}${name}`,
    fingerprint: fingerprint(value, key),
    rule: "r",
    name,
    confidence: "high",
    score: 1,
    severity: "high",
    why: [],
    unless: "",
    part: { in: "value", path: "", start: 0, length: value.length },
    location,
    masked: "••••",
    length: value.length,
    state: "new",
    ignoredBy: null,
    liveness: null,
    exposure: [],
  } as const;
  return { finding, candidate: { name, value, location }, part: value };
}

export function runId(): string {
  return `20261125-000000-${randomBytes(2).toString("hex")}`;
}

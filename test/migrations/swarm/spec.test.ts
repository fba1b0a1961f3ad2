import { describe, expect, it } from "vitest";
import { isRewritten, restoredSpec, rewrittenSpec, wayBack } from "../../../migrations/swarm/spec.ts";
import type { RunChange } from "../../../src/contract/delivery.ts";
import type { ContainerSpec, ServiceSpec } from "../../../src/engine/swarm.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import { Secret } from "../../../src/model/secret.ts";

const SHIM = ["/bin/sh", "/run/unsprawl/entrypoint"];
const labels = [{ name: "unsprawl.ref.PASSWORD", value: "ref+vault://a#/PASSWORD" }];
const change = (more: Partial<RunChange>): RunChange => ({
  labels,
  unset: ["PASSWORD"],
  set: [],
  mounts: [],
  entrypointPrefix: null,
  healthcheckPrefix: null,
  runtime: null,
  ...more,
});
const CHANGES: readonly [string, RunChange][] = [
  ["file", change({ set: [{ name: "PASSWORD_FILE", value: "/run/secrets/PASSWORD" }] })],
  ["runtime", change({ unset: [], set: [{ name: "PASSWORD", value: "ref+vault://a#/PASSWORD" }] })],
  ["shim", change({ entrypointPrefix: SHIM, healthcheckPrefix: SHIM })],
];
const REFERENCES = [
  { kind: "secret", name: "ours", mounted: { SecretID: "1", SecretName: "ours" } },
  { kind: "config", name: "script", mounted: { ConfigID: "2", ConfigName: "script" } },
] as const;

const Env = ["A=1", "PASSWORD=x", "B=2"];
const theirs = [{ SecretID: "3", SecretName: "theirs" }];
const SPECS: readonly [string, ContainerSpec][] = [
  ["what the image runs", { Env }],
  ["the only variable", { Env: ["PASSWORD=x"], Args: ["serve"] }],
  ["a command of its own", { Env, Command: ["app"], Args: ["serve"] }],
  ["a command without arguments", { Env, Command: ["app", "serve"], Secrets: theirs }],
  ["a health check in a shell", { Env, Healthcheck: { Test: ["CMD-SHELL", "test -e /up"], Interval: 5 } }],
  ["a health check that is a command", { Env, Healthcheck: { Test: ["CMD", "/bin/sh", "-c", "true"] } }],
  ["only the times of the image's health check", { Env, Healthcheck: { Interval: 5 } }],
];

/** What the engine makes of a spec: the image gives what the spec does not. */
function container({ Command, Args, Healthcheck }: ContainerSpec): ContainerDoc {
  const Test = Healthcheck?.Test ?? ["CMD", "/health"];
  const Cmd = Args ?? (Command ? null : ["image-argument"]);
  return {
    Config: { Entrypoint: Command ?? ["/image-entrypoint"], Cmd, Healthcheck: { Test } },
  } as unknown as ContainerDoc;
}

describe.each(CHANGES)("%s", (_name, made) => {
  it.each(SPECS)("a spec with %s comes back as it was", (_what, ContainerSpec) => {
    const spec: ServiceSpec = { Name: "api", TaskTemplate: { ContainerSpec, ForceUpdate: 3 }, Labels: { a: "b" } };
    const next = rewrittenSpec(spec, made, REFERENCES, container(ContainerSpec));
    expect(next.Labels).toEqual({ a: "b", "unsprawl.ref.PASSWORD": "ref+vault://a#/PASSWORD" });
    expect(isRewritten(spec, made, REFERENCES)).toBe(false);
    expect(isRewritten(next, made, REFERENCES)).toBe(true);
    expect(JSON.stringify(next)).not.toContain("PASSWORD=x");
    const values = new Map([["PASSWORD", Secret.of("x")]]);
    expect(restoredSpec(next, made, REFERENCES, wayBack(spec, made), values)).toStrictEqual(spec);
  });
});

it("behind the shim the task runs what it ran before", () => {
  const [, , [, shim]] = CHANGES as [unknown, unknown, [string, RunChange]];
  const runs = (ContainerSpec: ContainerSpec): unknown => {
    const spec = { Name: "api", TaskTemplate: { ContainerSpec } };
    const { Command, Args } = rewrittenSpec(spec, shim, [], container(ContainerSpec)).TaskTemplate.ContainerSpec ?? {};
    return [...(Command ?? []).slice(SHIM.length), ...(Args ?? [])];
  };
  expect(runs({ Env })).toEqual(["/image-entrypoint", "image-argument"]);
  expect(runs({ Env, Args: ["serve"] })).toEqual(["/image-entrypoint", "serve"]);
  expect(runs({ Env, Command: ["app"] })).toEqual(["app"]);
  expect(runs({ Env, Command: ["app"], Args: ["serve"] })).toEqual(["app", "serve"]);
});

it.each([undefined, {}, { "unsprawl.ref.OTHER": "ref+vault://a#/OTHER" }])(
  "labels %j come back as they were; those of a run before labels were written stay",
  (Labels) => {
    const spec: ServiceSpec = { Name: "api", TaskTemplate: { ContainerSpec: { Env } }, ...(Labels ? { Labels } : {}) };
    const made = change({});
    const next = rewrittenSpec(spec, made, REFERENCES, container({ Env }));
    const values = new Map([["PASSWORD", Secret.of("x")]]);
    expect(restoredSpec(next, made, REFERENCES, wayBack(spec, made), values)).toStrictEqual(spec);
    const { labels: _none, ...earlier } = made;
    const old = rewrittenSpec(spec, earlier, REFERENCES, container({ Env }));
    expect(old.Labels).toEqual(spec.Labels);
    const { labels: _nothing, ...back } = wayBack(spec, earlier);
    expect(restoredSpec(old, earlier, REFERENCES, back, values)).toStrictEqual(spec);
  },
);

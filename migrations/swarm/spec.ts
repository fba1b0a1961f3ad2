import type { RunChange } from "../../src/contract/delivery.ts";
import { changedEnv, prefixedTest } from "../../src/engine/recreate/body.ts";
import { differences } from "../../src/engine/recreate/compare.ts";
import type { ContainerSpec, Mounted, ServiceSpec } from "../../src/engine/swarm.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Secret } from "../../src/model/secret.ts";

/** A Swarm secret or config with its mount. */
export type MountedObject = { readonly kind: "secret" | "config"; readonly name: string; readonly mounted: Mounted };

type NamedSpec = { readonly name: string };

/** What an undo needs besides the values: positions, and what was absent. Plain data, no value. */
export type WayBack = {
  /** The positions of the variables in Env. */
  readonly env: { readonly [name: string]: number };
  readonly command: boolean;
  readonly args: boolean;
  /** How the spec set its health check: not at all, without a test, as a command, or as text for a shell. */
  readonly health: "none" | "no test" | "CMD" | "CMD-SHELL";
  /** Whether the service had labels; absent in journals of earlier versions, which added none. */
  readonly labels?: boolean;
};

/**
 * A service's spec with the change; everything else stays as it is. `container` is one of its tasks', for the image's
 * settings.
 */
export function rewrittenSpec(
  spec: ServiceSpec,
  change: RunChange,
  references: readonly MountedObject[],
  { Config: config }: ContainerDoc,
): ServiceSpec {
  const old = spec.TaskTemplate.ContainerSpec ?? {};
  const { entrypointPrefix: prefix, healthcheckPrefix: health } = change;
  const test = config.Healthcheck?.Test ?? [];
  const shell = config.Shell?.length ? config.Shell : ["/bin/sh", "-c"];
  // If a spec sets a command, the image's arguments no longer count.
  const args = old.Command || old.Args || !config.Cmd ? {} : { Args: config.Cmd };
  return withContainer(withLabels(spec, change), {
    ...old,
    Env: changedEnv(old.Env ?? [], change),
    ...(prefix ? { Command: [...prefix, ...(config.Entrypoint ?? [])], ...args } : {}),
    ...(health ? { Healthcheck: { ...old.Healthcheck, Test: prefixedTest(test, health, shell) } } : {}),
    ...added("Secrets", old, of("secret", references)),
    ...added("Configs", old, of("config", references)),
  });
}

/** Whether the change is in a spec. */
export function isRewritten(spec: ServiceSpec, change: RunChange, objects: readonly NamedSpec[]): boolean {
  const { Env, Secrets, Configs } = spec.TaskTemplate.ContainerSpec ?? {};
  const names = (Env ?? []).map((entry) => entry.split("=", 1)[0] ?? "");
  const wanted = { set: change.set.map(entryOf), objects: objects.map(({ name }) => name) };
  const has = {
    set: Env ?? [],
    unset: change.unset.filter((name) => names.includes(name)),
    objects: [...(Secrets ?? []), ...(Configs ?? [])].map(nameOf),
  };
  return differences(wanted, has, { set: "may grow", objects: "may grow" }).length === 0;
}

export function wayBack(spec: ServiceSpec, change: RunChange): WayBack {
  const { Env, Command, Args, Healthcheck } = spec.TaskTemplate.ContainerSpec ?? {};
  const names = new Set([...change.unset, ...change.set.map(({ name }) => name)]);
  const places = (Env ?? []).map((entry, at) => [entry.split("=", 1)[0] ?? "", at] as const);
  const [kind] = Healthcheck?.Test ?? [];
  return {
    env: Object.fromEntries(places.filter(([name]) => names.has(name))),
    command: (Command ?? []).length > 0,
    args: (Args ?? []).length > 0,
    labels: Boolean(spec.Labels),
    health: !Healthcheck ? "none" : kind === "CMD" || kind === "CMD-SHELL" ? kind : "no test",
  };
}

/** The inverse of `rewrittenSpec`. Later changes by others, such as the number of replicas, stay. */
export function restoredSpec(
  spec: ServiceSpec,
  change: RunChange,
  objects: readonly NamedSpec[],
  back: WayBack,
  values: ReadonlyMap<string, Secret>,
): ServiceSpec {
  const { Command, Args, Healthcheck, Secrets, Configs, ...rest } = spec.TaskTemplate.ContainerSpec ?? {};
  const [prefix, health] = [change.entrypointPrefix ?? [], change.healthcheckPrefix];
  const ours = new Set(objects.map(({ name }) => name));
  const others = (from: readonly Mounted[] | null | undefined): Mounted[] =>
    (from ?? []).filter((one) => !ours.has(nameOf(one)));
  const keep = <T>(name: string, list: readonly T[] | null | undefined): { readonly [key: string]: readonly T[] } =>
    list && list.length > 0 ? { [name]: list } : {};
  const test = health === null ? Healthcheck : restoredHealth(Healthcheck, health.length, back.health);
  return withContainer(withoutLabels(spec, change, back), {
    ...rest,
    ...keep("Env", restoredEnv(rest.Env ?? [], change, back, values)),
    ...keep("Command", back.command ? Command?.slice(prefix.length) : prefix.length > 0 ? [] : Command),
    ...keep("Args", back.args || prefix.length === 0 ? Args : []),
    ...(test ? { Healthcheck: test } : {}),
    ...keep("Secrets", others(Secrets)),
    ...keep("Configs", others(Configs)),
  });
}

/** With labels that say where the values come from. They are service labels: container labels would name its files. */
function withLabels(spec: ServiceSpec, { labels = [] }: RunChange): ServiceSpec {
  if (labels.length === 0) return spec;
  return { ...spec, Labels: { ...spec.Labels, ...Object.fromEntries(labels.map(({ name, value }) => [name, value])) } };
}

function withoutLabels(spec: ServiceSpec, { labels = [] }: RunChange, back: WayBack): ServiceSpec {
  if (labels.length === 0) return spec;
  const { Labels, ...rest } = spec;
  const ours = new Map(labels.map(({ name, value }) => [name, value]));
  const left = Object.entries(Labels ?? {}).filter(([name, value]) => ours.get(name) !== value);
  return left.length === 0 && back.labels === false ? rest : { ...rest, Labels: Object.fromEntries(left) };
}

function restoredHealth(
  health: ContainerSpec["Healthcheck"],
  prefix: number,
  was: WayBack["health"],
): ContainerSpec["Healthcheck"] {
  if (!health || was === "none") return null;
  const { Test, ...rest } = health;
  if (was === "no test") return rest;
  const words = Test?.slice(1 + prefix) ?? [];
  return { ...rest, Test: was === "CMD" ? ["CMD", ...words] : ["CMD-SHELL", ...words.slice(-1)] };
}

function restoredEnv(
  env: readonly string[],
  change: RunChange,
  back: WayBack,
  values: ReadonlyMap<string, Secret>,
): string[] {
  const ours = new Set(change.set.map(entryOf));
  const next = env.filter((entry) => !ours.has(entry));
  for (const [name, at] of Object.entries(back.env).sort(([, a], [, b]) => a - b)) {
    const value = values.get(name);
    if (!value) throw new UnsprawlError("absent", `the value of ${name} is not available to be restored`);
    next.splice(at, 0, `${name}=${value.exposeText()}`);
  }
  return next;
}

function added(field: string, old: ContainerSpec, references: readonly Mounted[]): Partial<ContainerSpec> {
  if (references.length === 0) return {};
  return { [field]: [...((old[field] as readonly Mounted[] | null | undefined) ?? []), ...references] };
}

function of(kind: MountedObject["kind"], references: readonly MountedObject[]): Mounted[] {
  return references.filter((one) => one.kind === kind).map(({ mounted }) => mounted);
}

const entryOf = ({ name, value }: RunChange["set"][number]): string => `${name}=${value}`;

function nameOf(mounted: Mounted): string {
  return mounted.SecretName ?? mounted.ConfigName ?? "";
}

function withContainer(spec: ServiceSpec, container: ContainerSpec): ServiceSpec {
  return { ...spec, TaskTemplate: { ...spec.TaskTemplate, ContainerSpec: container } };
}

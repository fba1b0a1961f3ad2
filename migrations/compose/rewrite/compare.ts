import { Blocked } from "./blocked.ts";
import type { ComposeConfig, ServiceConfig } from "../engine/cli.ts";
import { withFormerLabels } from "../labels/index.ts";
import { entriesIn, grantsIn, type GrantKind } from "./entries.ts";
import type { ServiceChange } from "./change.ts";
import { isOurDriver } from "../../../src/engine/plugin/questions.ts";
import { bareObject, type JsonObject } from "../../../src/kit/json-object.ts";

/**
 * Compares the configurations that Compose resolves before and after. Throws `Blocked`, naming the place, if anything
 * but these services' delivery differs, or if a delivery is not as planned.
 */
export function onlyDelivery(before: ComposeConfig, after: ComposeConfig, wishes: readonly ServiceChange[]): void {
  const undone: { [name: string]: JsonObject } = bareObject({ ...after.services });
  for (const wish of wishes) {
    const [old, fresh] = [before.services[wish.service], after.services[wish.service]];
    if (!old || !fresh) throw differs(["services", wish.service]);
    undone[wish.service] = withFormerLabels(old, withoutDelivery(old, fresh, wish, after), wish);
  }
  const ours = new Set(wishes.flatMap(({ change }) => change.mounts.map(({ source }) => source)));
  const top = (kind: GrantKind): JsonObject =>
    Object.fromEntries(
      Object.entries(entriesIn(after, kind)).filter(
        ([key, one]) => key in entriesIn(before, kind) || !ours.has(String(one["file"])),
      ),
    );
  const volumes = formerVolumes(before, after, wishes);
  const rest = { ...after, services: undone, secrets: top("secrets"), configs: top("configs"), volumes };
  const place = difference(effective(before), effective(rest), []);
  if (place !== null) throw differs(place);
}

/** The top-level volumes with the delivered ones taken back. Throws `Blocked` for one that is not as planned. */
function formerVolumes(before: ComposeConfig, after: ComposeConfig, wishes: readonly ServiceChange[]): unknown {
  const planned = wishes.flatMap(({ change }) => change.volume ?? []);
  if (planned.length === 0) return after["volumes"];
  const [was, is] = [volumesIn(before), volumesIn(after)];
  for (const { key, driver, options } of planned)
    if (!same([is[key]?.["driver"], sorted(is[key]?.["driver_opts"])], [driver, sorted(options)]))
      throw differs(["volumes", key]);
  const keys = new Set(planned.map(({ key }) => key));
  const own = ([key]: readonly [string, unknown]): boolean => !keys.has(key);
  // The volume of an earlier run goes with its service's.
  const gone = Object.entries(was).filter(([key, one]) => !(key in is) && isOurDriver(String(one["driver"])));
  const left = [...Object.entries(is).filter(own), ...gone];
  return left.length > 0 ? Object.fromEntries(left) : before["volumes"];
}

const volumesIn = (config: ComposeConfig): { readonly [key: string]: JsonObject } =>
  (config["volumes"] ?? {}) as { readonly [key: string]: JsonObject };
const sorted = (options: unknown): unknown =>
  Object.entries((options ?? {}) as JsonObject)
    .map(([name, text]) => `${name}=${plain(String(text)) ?? ""}`)
    .sort();

/**
 * Without extension fields, which have no effect by themselves: services are merged from them (Compose Specification,
 * "Extension").
 */
function effective(config: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !key.startsWith("x-")));
}

/** The service without its delivery's changes; anything that is not as planned stays and is found as a difference. */
function withoutDelivery(
  old: ServiceConfig,
  fresh: ServiceConfig,
  wish: ServiceChange,
  after: ComposeConfig,
): JsonObject {
  const { runtime } = wish.change;
  return {
    ...fresh,
    environment: formerVariables(old, fresh, wish),
    ...formerMounts(old, fresh, wish),
    ...formerGrants(fresh, wish, after),
    ...(runtime !== null && fresh["runtime"] === runtime ? { runtime: old["runtime"] } : {}),
    ...formerWords(old, fresh, wish),
    ...formerCheck(old, fresh, wish),
  };
}

function formerVariables(
  old: ServiceConfig,
  fresh: ServiceConfig,
  { change, moves, service }: ServiceChange,
): JsonObject {
  const names = new Set([...change.unset, ...change.set.map(({ name }) => name), ...moves.map(({ name }) => name)]);
  const wanted = new Map(change.set.map(({ name, value }) => [name, value]));
  const environment: { [name: string]: string | null } = bareObject({});
  for (const [name, value] of Object.entries(fresh.environment ?? {})) {
    if (!names.has(name)) environment[name] = value;
    // A variable passed through from the shell and not set there, now that nothing overrides it: equals unset.
    else if (value === null && !wanted.has(name)) continue;
    else if (wanted.get(name) !== plain(value)) throw differs(["services", service, "environment", name]);
    else wanted.delete(name);
  }
  const [missing] = wanted.keys();
  if (missing !== undefined) throw differs(["services", service, "environment", missing]);
  for (const [name, value] of Object.entries(old.environment ?? {})) if (names.has(name)) environment[name] = value;
  return environment;
}

function formerMounts(old: ServiceConfig, fresh: ServiceConfig, { change: { volume } }: ServiceChange): JsonObject {
  if (volume === undefined) return {};
  const isOther = (one: JsonObject): boolean => one["target"] !== volume.target;
  const [was = [], is = []] = [old, fresh].map((one) => (one["volumes"] ?? []) as readonly JsonObject[]);
  const its = is.filter((one) => !isOther(one));
  const asPlanned = its.length === 1 && its[0]?.["source"] === volume.key && its[0]["read_only"] === true;
  return asPlanned && same(was.filter(isOther), is.filter(isOther)) ? { volumes: old["volumes"] } : {};
}

function formerGrants(fresh: ServiceConfig, { change, service }: ServiceChange, after: ComposeConfig): JsonObject {
  const open = change.mounts.filter((one) => one.volume === undefined);
  if (open.length === 0) return {};
  const without = (kind: GrantKind): readonly unknown[] => {
    const all = grantsIn(after, fresh, kind);
    return ((fresh[kind] ?? []) as readonly unknown[]).filter((_one, index) => {
      const at = open.findIndex(({ source, target }) => all[index]?.file === source && all[index].target === target);
      if (at >= 0) open.splice(at, 1);
      return at < 0;
    });
  };
  const former = { secrets: without("secrets"), configs: without("configs") };
  if (open.length > 0) throw differs(["services", service, "secrets"]);
  return former;
}

function formerWords(old: ServiceConfig, fresh: ServiceConfig, wish: ServiceChange): JsonObject {
  const { entrypointPrefix: prefix } = wish.change;
  const former: { [key: string]: unknown } = {};
  const entrypoint = wish.words?.entrypoint ?? (prefix === null ? null : wish.entrypoint);
  if (entrypoint !== null && same(list(fresh["entrypoint"]), [...(prefix ?? []), ...entrypoint]))
    former["entrypoint"] = old["entrypoint"];
  const isImages = prefix !== null && (old["command"] ?? null) === null;
  const command = wish.words?.command ?? (isImages ? wish.cmd : null);
  if (command !== null && same(list(fresh["command"]), command)) former["command"] = old["command"];
  return former;
}

function formerCheck(old: ServiceConfig, fresh: ServiceConfig, wish: ServiceChange): JsonObject {
  const { healthcheckPrefix: prefix } = wish.change;
  const check = wish.words?.health ?? (prefix === null ? null : wish.health);
  if (check === null) return {};
  const test = list((fresh["healthcheck"] as JsonObject | undefined)?.["test"]);
  const [kind = "", ...rest] = check;
  const planned = kind === "CMD-SHELL" && prefix !== null ? ["/bin/sh", "-c", ...rest] : rest;
  if (!same(test.slice(-planned.length), planned)) return {};
  if (prefix !== null && !test.includes(prefix[0] ?? "")) return {};
  const was = old["healthcheck"] as JsonObject | undefined;
  return {
    healthcheck: was === undefined ? undefined : { ...(fresh["healthcheck"] as JsonObject), test: was["test"] },
  };
}

/** `config` prints `$` escaped, as it must be in a file. */
const plain = (text: string | null): string | null => text?.replaceAll("$$", "$") ?? null;
const list = (value: unknown): string[] => (Array.isArray(value) ? value.map((one) => plain(String(one)) ?? "") : []);
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The keys to the first difference of two documents; null if they are equal. Absent, null and empty are equal. */
function difference(before: unknown, after: unknown, path: readonly string[]): readonly string[] | null {
  if (isEmpty(before) && isEmpty(after)) return null;
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const found = difference(before[key], after[key], [...path, key]);
      if (found !== null) return found;
    }
    return null;
  }
  return same(before, after) ? null : path;
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);

function differs(keys: readonly string[]): Blocked {
  const service = keys[0] === "services" ? (keys[1] ?? "") : "";
  return new Blocked(
    `Compose would read ${keys.join(".")} differently than intended`,
    "if nothing changes the project meanwhile, please report this; --deliver runtime changes the least",
    (one) => service === "" || one === service,
  );
}

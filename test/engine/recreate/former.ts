// As these comparisons were before there was one, to compare with.
import type { RunChange } from "../../../src/contract/delivery.ts";
import type { ComposeChange } from "../../../migrations/compose/delivery/change.ts";
import { withoutRelabelled } from "../../../migrations/compose/labels/index.ts";
import { ownAliases, type CreateBody } from "../../../src/engine/recreate/body.ts";
import { nameOf } from "../../../src/engine/names.ts";
import type { ContainerDoc, NetworkEndpoint } from "../../../src/engine/types.ts";
import type { Mounted, ServiceSpec } from "../../../src/engine/swarm.ts";
import { keyedDigest, type FingerprintKey } from "../../../src/model/fingerprint.ts";
import type { JsonObject } from "../../../src/kit/json-object.ts";

/** What a container is and may do, by field: keyed digests of each field's items, so that a journal may contain it. */
export type ContainerFrame = { readonly [field: string]: readonly string[] };

/**
 * The frame of a container without its delivery: the delivery's variables are left out. With `delivered` its other
 * changes are removed as well, so that the frames of the old and new container are equal if only the delivery changed.
 * `nameOfId` maps the containers whose namespaces and volumes it shares to names, since Compose may have recreated them
 * too, and networks: Compose joins an external one by its id, which the engine shows until the container is started.
 */
export function frameOf(
  doc: ContainerDoc,
  change: ComposeChange,
  names: readonly string[],
  delivered: boolean,
  nameOfId: ReadonlyMap<string, string>,
  key: FingerprintKey,
): ContainerFrame {
  const bare = delivered ? withoutDelivery(doc, change) : withoutEarlier(doc, change);
  const left = new Set([...names, ...change.unset, ...change.set.map(({ name }) => name)]);
  const own = withoutRelabelled(change.reworded === true ? withoutWords(bare) : bare, change.relabelled);
  const fields = fieldsOf(own, left, nameOfId, delivered);
  return Object.fromEntries(
    [...fields].filter(([, items]) => items.length > 0).map(([field, items]) => [field, digests(field, items, key)]),
  );
}

/** The expected frame of the new container: the old one's with the changes that `delivered` does not remove. */
export function withDelivery(
  { delivered: _gone, ...frame }: ContainerFrame,
  { runtime }: RunChange,
  key: FingerprintKey,
): ContainerFrame {
  return runtime === null ? frame : { ...frame, [RUNTIME]: digests(RUNTIME, itemsOf(runtime), key) };
}

const RUNTIME = "HostConfig.Runtime";
const NETWORK = "the network ";
/** Where the log is sent, if not to this host. */
const LOG = "the log's receiver";
const LOCAL_LOGS = new Set(["", "none", "json-file", "local", "journald"]);

/**
 * A digest per item for fields in which rights depend on single items, otherwise one for the whole field, so that
 * values cannot be guessed one by one.
 */
function digests(field: string, items: readonly string[], key: FingerprintKey): string[] {
  const texts = ADDED.has(field) || HIDDEN.has(field) ? items : [items.toSorted().join("\0")];
  return texts.map((item) => keyedDigest(`${field}\0${item}`, key)).sort();
}

/** Names of containers and networks by id, for `frameOf`. */
export function namesById(
  docs: readonly ContainerDoc[],
  networks: readonly { readonly Id: string; readonly Name: string }[],
): Map<string, string> {
  return new Map([
    ...networks.map(({ Id, Name }) => [Id, Name] as const),
    ...docs.map((doc) => [doc.Id, nameOf(doc)] as const),
  ]);
}

/**
 * The fields in which the new container differs. With `drift` settings may differ, but never in a way that gives a
 * container more rights. Fields equal to `filled`, the engine's present defaults, do not count: nobody configured them.
 */
export function frameDifferences(
  old: ContainerFrame,
  fresh: ContainerFrame,
  drift: boolean,
  filled: ContainerFrame | null = null,
): string[] {
  return [...new Set([...Object.keys(old), ...Object.keys(fresh)])].sort().filter((field) => {
    const [was, is] = [old[field] ?? [], fresh[field] ?? []];
    if (was.join() === is.join()) return false;
    if (filled !== null && isFilled(field) && (filled[field] ?? []).join() === is.join()) return false;
    if (HIDDEN.has(field)) return was.some((item) => !is.includes(item));
    if (!drift || EQUAL.has(field)) return true;
    if (field.startsWith(NETWORK)) return was.length === 0;
    return ADDED.has(field) && is.some((item) => !was.includes(item));
  });
}

/** Fields that the engine fills in according to its configuration and version. */
export const isFilled = (field: string): boolean => FILLED.has(field);

const FILLED = new Set([
  ...["HostConfig.LogConfig", "HostConfig.Ulimits", "HostConfig.Init", "HostConfig.ShmSize", LOG],
  ...["HostConfig.MaskedPaths", "HostConfig.ReadonlyPaths", "HostConfig.OomScoreAdj", "HostConfig.OomKillDisable"],
]);
/** Removing an item increases rights. */
const HIDDEN = new Set(["HostConfig.MaskedPaths", "HostConfig.ReadonlyPaths"]);
/** Adding an item increases rights. */
const ADDED = new Set([
  ...["Mounts", "HostConfig.Privileged", "HostConfig.CapAdd", "HostConfig.Devices", "HostConfig.DeviceRequests"],
  ...["HostConfig.DeviceCgroupRules", "HostConfig.GroupAdd", "HostConfig.Sysctls", "HostConfig.VolumesFrom"],
  ...["HostConfig.PortBindings", "HostConfig.PublishAllPorts", "HostConfig.Links", LOG],
]);
/** Any change may increase rights. */
const EQUAL = new Set([
  ...["HostConfig.PidMode", "HostConfig.IpcMode", "HostConfig.NetworkMode", "HostConfig.UsernsMode"],
  ...["HostConfig.UTSMode", "HostConfig.CgroupnsMode", "HostConfig.Cgroup", "HostConfig.CgroupParent"],
  ...["HostConfig.SecurityOpt", "HostConfig.CapDrop", "HostConfig.ReadonlyRootfs", "HostConfig.Runtime"],
  ...["HostConfig.Isolation", "Config.User", "Config.Entrypoint", "Image"],
]);

/** Compared by their effect (`Mounts`, networks), or different in every container. */
const ELSEWHERE = new Set(["Binds", "Mounts", "Links", "ConsoleSize", "ContainerIDFile", "NetworkMode", "VolumesFrom"]);
const MODES = ["NetworkMode", "IpcMode", "PidMode"] as const;
const CONFIG = [
  ...["User", "Domainname", "Tty", "OpenStdin", "StdinOnce", "Cmd", "Image", "WorkingDir", "Entrypoint"],
  ...["StopSignal", "StopTimeout", "ExposedPorts", "NetworkDisabled", "OnBuild", "Shell", "ArgsEscaped"],
];

function fieldsOf(
  doc: ContainerDoc,
  left: ReadonlySet<string>,
  nameOfId: ReadonlyMap<string, string>,
  delivered: boolean,
): Map<string, string[]> {
  const { Config, HostConfig } = doc;
  const fields = new Map<string, string[]>();
  const set = (field: string, value: unknown): void => void fields.set(field, itemsOf(value));
  set("Image", doc.Image);
  for (const name of CONFIG) set(`Config.${name}`, Config[name] === null ? "" : text(Config[name]));
  // Derived from the container's id unless configured.
  set("Config.Hostname", Config.Hostname === doc.Id.slice(0, 12) || sharesHost(doc) ? "" : Config.Hostname);
  set("Config.Healthcheck", text({ ...Config.Healthcheck, Test: shellTest(Config.Healthcheck?.Test) }));
  const env = Config.Env ?? [];
  const nameIn = (entry: string): string => entry.split("=", 1)[0] ?? "";
  set("Config.Env", [...new Set(env.filter((entry) => !left.has(nameIn(entry))))]);
  if (!delivered) set("delivered", [...new Set(env.map(nameIn).filter((name) => left.has(name)))]);
  set(
    "Config.Labels",
    Object.entries(Config.Labels ?? {}).filter(([key]) => !BOOKKEEPING.test(key)),
  );
  for (const [name, value] of Object.entries(HostConfig)) if (!ELSEWHERE.has(name)) set(`HostConfig.${name}`, value);
  const { Type = "", Config: options } = HostConfig.LogConfig ?? {};
  set(LOG, LOCAL_LOGS.has(Type) ? "" : text({ Type, options }));
  for (const name of MODES) set(`HostConfig.${name}`, named(HostConfig[name] ?? "", nameOfId));
  const from = HostConfig["VolumesFrom"];
  set(
    "HostConfig.VolumesFrom",
    (Array.isArray(from) ? from : []).map((one) => named(String(one), nameOfId)),
  );
  set(
    "HostConfig.Links",
    (HostConfig.Links ?? []).map((link) => link.split(":").map(base)),
  );
  set("Mounts", mountsOf(doc));
  for (const [network, endpoint] of Object.entries(doc.NetworkSettings?.Networks ?? {})) {
    const { IPAMConfig, Links, DriverOpts } = endpoint;
    const aliases = ownAliases(doc, endpoint).filter((alias) => alias !== doc.Id.slice(0, 12));
    const links = (Links ?? []).map((link) => link.split(":").map(base).join(":")).sort();
    set(`${NETWORK}${named(network, nameOfId)}`, [
      "joined",
      text({ IPAMConfig, DriverOpts, links, aliases: [...new Set(aliases)].sort() }),
    ]);
  }
  return fields;
}

/** Compose's internal labels, except those that identify the project and service. */
const BOOKKEEPING = /^com\.docker\.compose\.(?!(?:project|service|oneoff)$)/;

/** Every mount with its effect, including options that only `HostConfig` contains. */
function mountsOf({ Mounts, HostConfig }: ContainerDoc): string[] {
  const options = new Map(
    (HostConfig.Mounts ?? []).map(({ Target, BindOptions, VolumeOptions, TmpfsOptions }) => {
      const { NonRecursive, ReadOnlyNonRecursive, ReadOnlyForceRecursive } = (BindOptions ?? {}) as JsonObject;
      const { Subpath } = (VolumeOptions ?? {}) as JsonObject;
      return [Target, { NonRecursive, ReadOnlyNonRecursive, ReadOnlyForceRecursive, Subpath, TmpfsOptions }];
    }),
  );
  const relabelled = (Mode = ""): string[] => Mode.split(",").filter((one) => one === "Z");
  return (Mounts ?? []).map(({ Type, Name, Source, Destination, RW, Mode, Propagation }) =>
    text({
      ...{ Type, Destination, RW, options: options.get(Destination) },
      ...(Type === "volume" ? { Name } : { Source, Propagation, Mode: relabelled(Mode) }),
    }),
  );
}

function withoutDelivery(doc: ContainerDoc, change: RunChange): ContainerDoc {
  const { HostConfig } = doc;
  const ours = (source: unknown, target: unknown, readOnly: boolean): boolean =>
    readOnly && change.mounts.some((one) => one.source === source && one.target === target);
  const bare = withoutPrefix(doc, change.entrypointPrefix, change.healthcheckPrefix);
  return {
    ...bare,
    HostConfig: {
      ...HostConfig,
      Mounts: (HostConfig.Mounts ?? []).filter((one) => !ours(one.Source, one.Target, one["ReadOnly"] === true)),
    },
    Mounts: (doc.Mounts ?? []).filter((one) => !ours(one.Source, one.Destination, one.RW === false)),
  };
}

/** A container whose entrypoint an earlier run has wrapped: the new prefix takes the place of that one. */
function withoutEarlier(doc: ContainerDoc, { earlier = [], healthcheckPrefix }: ComposeChange): ContainerDoc {
  return earlier.length === 0 ? doc : withoutPrefix(doc, earlier, healthcheckPrefix === null ? null : earlier);
}

/** A container whose own words change by the files, which are compared themselves. */
function withoutWords(doc: ContainerDoc): ContainerDoc {
  const { Config } = doc;
  const check = Config.Healthcheck ? { Healthcheck: { ...Config.Healthcheck, Test: [] } } : {};
  return { ...doc, Config: { ...Config, Entrypoint: [], Cmd: [], ...check } };
}

function withoutPrefix(
  doc: ContainerDoc,
  entrypoint: readonly string[] | null,
  healthcheck: readonly string[] | null,
): ContainerDoc {
  const { Config } = doc;
  const test = Config.Healthcheck?.Test ?? [];
  const checks = healthcheck === null || test[0] !== "CMD" ? test : ["CMD", ...rest(test.slice(1), healthcheck)];
  return {
    ...doc,
    Config: {
      ...Config,
      Entrypoint: (entrypoint === null ? Config.Entrypoint : rest(Config.Entrypoint, entrypoint)) ?? null,
      ...(Config.Healthcheck ? { Healthcheck: { ...Config.Healthcheck, Test: checks } } : {}),
    },
  };
}

/** The words after a prefix; all words if they do not start with it. */
function rest(words: readonly string[] | null | undefined, prefix: readonly string[]): readonly string[] {
  const all = words ?? [];
  return prefix.every((word, at) => all[at] === word) ? all.slice(prefix.length) : all;
}

/** Makes `CMD-SHELL text` equal to its form behind a prefix. */
function shellTest(test: readonly string[] | null | undefined): readonly string[] {
  const [kind, ...words] = test ?? [];
  return kind === "CMD-SHELL" ? ["CMD", "/bin/sh", "-c", ...words] : (test ?? []);
}

const sharesHost = ({ HostConfig }: ContainerDoc): boolean => /^(host|container:)/.test(HostConfig.NetworkMode ?? "");

/** Replaces a container's id in a mode or an entry by its name. */
const named = (mode: string, nameOfId: ReadonlyMap<string, string>): string =>
  mode.replace(/[0-9a-f]{64}/, (id) => nameOfId.get(id) ?? id);

const base = (path: string): string => path.split("/").at(-1) ?? "";

/** A field's items: the elements of a list, the pairs of a map, otherwise the value itself. */
function itemsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(text);
  if (typeof value === "object" && value !== null) return Object.entries(value).map(text);
  return [text(value)].filter((one) => one !== "");
}

/** Serialises a value; absent, null, empty, false and 0 are equal. */
function text(node: unknown): string {
  if (node === null || node === undefined || node === "" || node === false || node === 0) return "";
  if (Array.isArray(node)) return node.length === 0 ? "" : `[${node.map(text).join("\0")}]`;
  if (typeof node !== "object") return JSON.stringify(node);
  const pairs = Object.entries(node)
    .map(([name, one]) => [JSON.stringify(name), text(one)])
    .filter(([, one]) => one !== "")
    .map((pair) => pair.join(":"))
    .sort();
  return pairs.length === 0 ? "" : `{${pairs.join("\0")}}`;
}

/** In what a container, which was never started, differs from a request to replace the old one. */
export function unlikeRequest(
  old: ContainerDoc,
  fresh: ContainerDoc,
  { body, connectLater }: CreateBody,
): readonly string[] {
  return [...lostVolumes(old, fresh), ...lostSettings(body, fresh), ...lostEndpoints(body, connectLater, fresh)];
}

function lostVolumes(old: ContainerDoc, fresh: ContainerDoc): string[] {
  return (old.Mounts ?? [])
    .filter(({ Type, Name, Destination }) => {
      if (Type !== "volume") return false;
      return !fresh.Mounts?.some((one) => one.Destination === Destination && one.Name === Name);
    })
    .map(({ Destination }) => `the volume at ${Destination}`);
}

function lostSettings(body: CreateBody["body"], fresh: ContainerDoc): string[] {
  const { HostConfig, NetworkingConfig: _networks, Image: _image, ...config } = body;
  const unlike = (asked: object, made: { readonly [key: string]: unknown }, at: string): string[] =>
    Object.entries(asked)
      .filter(([name, value]) => shape(name, value) !== shape(name, made[name]))
      .map(([name]) => `${at}.${name}`);
  return [...unlike(config, fresh.Config, "Config"), ...unlike(HostConfig as object, fresh.HostConfig, "HostConfig")];
}

function lostEndpoints(
  body: CreateBody["body"],
  connectLater: CreateBody["connectLater"],
  fresh: ContainerDoc,
): string[] {
  const { EndpointsConfig = {} } = (body["NetworkingConfig"] ?? {}) as {
    EndpointsConfig?: { readonly [network: string]: NetworkEndpoint };
  };
  const asked = [
    ...Object.entries(EndpointsConfig),
    ...connectLater.map(({ network, endpoint }) => [network, endpoint] as const),
  ];
  // These MAC addresses are shown after connecting but not kept at the start.
  const macs = connectLater.filter(({ endpoint }) => endpoint.MacAddress);
  if (macs.length > 0) return macs.map(({ network }) => `MacAddress in the network ${network}`);
  return asked.flatMap(([network, endpoint]) => {
    const made = fresh.NetworkSettings?.Networks?.[network] ?? {};
    const own = { ...made, Aliases: ownAliases(fresh, made) };
    return Object.entries(endpoint)
      .filter(([name, value]) => shape(name, value) !== shape(name, (own as NetworkEndpoint)[name]))
      .map(([name]) => `${name} in the network ${network}`);
  });
}

/**
 * A setting in comparable form: absent, null and empty are equal, and links lose the container's name that the engine
 * adds.
 */
function shape(name: string, value: unknown): string {
  const text = (node: unknown): string => {
    if (node === null || node === undefined || node === "" || node === false || node === 0) return "";
    if (Array.isArray(node)) return node.length === 0 ? "" : `[${node.map(text).join("\0")}]`;
    if (typeof node !== "object") return JSON.stringify(node);
    const entries = Object.entries(node)
      .map(([key, one]) => `${JSON.stringify(key)}:${text(one)}`)
      .sort();
    return entries.length === 0 ? "" : `{${entries.join("\0")}}`;
  };
  const links =
    name === "Links" && Array.isArray(value)
      ? value.map((one) => String(one).split(":").map(base).join(":")).sort()
      : value;
  return text(links);
}

type NamedSpec = { readonly name: string };
const mountedName = (mounted: Mounted): string => mounted.SecretName ?? mounted.ConfigName ?? "";
/** Whether the change is in a spec. */
export function isRewritten(spec: ServiceSpec, change: RunChange, objects: readonly NamedSpec[]): boolean {
  const { Env = [], Secrets, Configs } = spec.TaskTemplate.ContainerSpec ?? {};
  const mounted = new Set([...(Secrets ?? []), ...(Configs ?? [])].map(mountedName));
  const has = (name: string): boolean => (Env ?? []).some((entry) => entry.startsWith(`${name}=`));
  return (
    change.set.every(({ name, value }) => Env?.includes(`${name}=${value}`)) &&
    !change.unset.some(has) &&
    objects.every(({ name }) => mounted.has(name))
  );
}

export function changedEnv(env: readonly string[], { set, unset }: RunChange): string[] {
  const left = new Map(set.map(({ name, value }) => [name, value]));
  const kept = env.flatMap((entry) => {
    const name = entry.split("=", 1)[0] ?? "";
    const value = left.get(name);
    if (value === undefined) return unset.includes(name) ? [] : [entry];
    left.delete(name);
    return [`${name}=${value}`];
  });
  return [...kept, ...[...left].map(([name, value]) => `${name}=${value}`)];
}

import type { JsonObject } from "../../kit/json-object.ts";
import { nameOf } from "../names.ts";
import type { ContainerDoc } from "../types.ts";
import { ownAliases, ownEnv } from "./body.ts";
import { baseName, comparable, itemsOf, NETWORK, type DocumentFields } from "./compare.ts";
import { LOG } from "./rights.ts";

/** Names of containers and networks by id: whatever a container shares may have been recreated too. */
export type NamesById = ReadonlyMap<string, string>;

export function namesById(
  docs: readonly ContainerDoc[],
  networks: readonly { readonly Id: string; readonly Name: string }[],
): NamesById {
  return new Map([
    ...networks.map(({ Id, Name }) => [Id, Name] as const),
    ...docs.map((doc) => [doc.Id, nameOf(doc)] as const),
  ]);
}

/** What a container is and may do, by field, whatever its id and name. */
export function fieldsOf(doc: ContainerDoc, names: NamesById): DocumentFields {
  const networks = Object.entries(doc.NetworkSettings?.Networks ?? {}).map(([network, endpoint]) => {
    const { IPAMConfig, Links, DriverOpts } = endpoint;
    const aliases = ownAliases(doc, endpoint).filter((alias) => alias !== doc.Id.slice(0, 12));
    const links = (Links ?? []).map((link) => link.split(":").map(baseName).join(":")).sort();
    const joined = comparable({ IPAMConfig, DriverOpts, links, aliases: [...new Set(aliases)].sort() });
    return [`${NETWORK}${named(network, names)}`, itemsOf(["joined", joined])] as const;
  });
  return {
    Image: itemsOf(doc.Image),
    ...configFields(doc),
    ...hostFields(doc, names),
    ...Object.fromEntries(networks),
  };
}

const CONFIG = [
  ...["User", "Domainname", "Tty", "OpenStdin", "StdinOnce", "Cmd", "Image", "WorkingDir", "Entrypoint"],
  ...["StopSignal", "StopTimeout", "ExposedPorts", "NetworkDisabled", "OnBuild", "Shell", "ArgsEscaped"],
];

function configFields(doc: ContainerDoc): DocumentFields {
  const { Config } = doc;
  const { Hostname, Healthcheck, Labels } = Config;
  // Derived from the container's id unless configured.
  const isDerived = Hostname === doc.Id.slice(0, 12) || sharesHost(doc);
  return {
    ...Object.fromEntries(CONFIG.map((name) => [`Config.${name}`, itemsOf(comparable(Config[name]))])),
    "Config.Hostname": isDerived ? [] : itemsOf(Hostname),
    "Config.Healthcheck": itemsOf(comparable({ ...Healthcheck, Test: shellTest(Healthcheck?.Test) })),
    "Config.Env": itemsOf([...new Set(ownEnv(doc))]),
    "Config.Labels": itemsOf(Labels),
  };
}

/** Compared by their effect (`Mounts`, networks), or different in every container. */
const ELSEWHERE = new Set(["Binds", "Mounts", "Links", "ConsoleSize", "ContainerIDFile", "NetworkMode", "VolumesFrom"]);
const MODES = ["NetworkMode", "IpcMode", "PidMode"] as const;
const LOCAL_LOGS = new Set(["", "none", "json-file", "local", "journald"]);

function hostFields(doc: ContainerDoc, names: NamesById): DocumentFields {
  const { HostConfig } = doc;
  const { Type = "", Config: options } = HostConfig.LogConfig ?? {};
  const settings = Object.entries(HostConfig).filter(([name]) => !ELSEWHERE.has(name));
  const from: unknown = HostConfig.VolumesFrom;
  return {
    ...Object.fromEntries(settings.map(([name, value]) => [`HostConfig.${name}`, itemsOf(value)])),
    [LOG]: LOCAL_LOGS.has(Type) ? [] : itemsOf(comparable({ Type, options })),
    ...Object.fromEntries(MODES.map((name) => [`HostConfig.${name}`, itemsOf(named(HostConfig[name] ?? "", names))])),
    "HostConfig.VolumesFrom": itemsOf((Array.isArray(from) ? from : []).map((one) => named(String(one), names))),
    "HostConfig.Links": itemsOf((HostConfig.Links ?? []).map((link) => link.split(":").map(baseName))),
    Mounts: itemsOf(mountsOf(doc)),
  };
}

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
    comparable({
      ...{ Type, Destination, RW, options: options.get(Destination) },
      ...(Type === "volume" ? { Name } : { Source, Propagation, Mode: relabelled(Mode) }),
    }),
  );
}

/** Makes `CMD-SHELL text` equal to its form behind a prefix. */
function shellTest(test: readonly string[] | null | undefined): readonly string[] {
  const [kind, ...words] = test ?? [];
  return kind === "CMD-SHELL" ? ["CMD", "/bin/sh", "-c", ...words] : (test ?? []);
}

const sharesHost = ({ HostConfig }: ContainerDoc): boolean => /^(host|container:)/.test(HostConfig.NetworkMode ?? "");

/** Replaces a container's id in a mode or an entry by its name. */
const named = (mode: string, names: NamesById): string => mode.replace(/[0-9a-f]{64}/, (id) => names.get(id) ?? id);

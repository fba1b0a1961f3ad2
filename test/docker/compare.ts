/** A container's inspect document, as far as the comparison looks into it. */
export type Doc = { readonly [key: string]: unknown } & {
  readonly Id: string;
  readonly State: { readonly Status: string };
  readonly Config: {
    readonly Env: readonly string[];
    readonly Hostname: string;
    readonly Entrypoint: readonly string[] | null;
  };
  readonly NetworkSettings: { readonly Networks: { readonly [name: string]: { readonly IPAMConfig: object | null } } };
};

/** What may differ, and why. Everything else must be equal. */
const EXPECTED: readonly (readonly [path: RegExp, why: string])[] = [
  [/^(Id|Created|Name)$/, "another container; the name is compared apart"],
  [/^(LogPath|ResolvConfPath|HostnamePath|HostsPath)$/, "hold the id"],
  [/^(ProcessLabel|GraphDriver\..*|ImageManifestDescriptor.*)$/, "the engine's own storage"],
  [/^State\.(Pid|StartedAt|FinishedAt|Health.*|ExitCode)$/, "another process"],
  [/^ExecIDs$/, "the health check that runs at this instant"],
  [/^Config\.Env$/, "the secret is gone; compared apart"],
  [/^(Path|Args|Config\.Entrypoint|Config\.Healthcheck\.Test)$/, "the shim stands before the original; compared apart"],
  [/^(HostConfig\.Mounts|Mounts)$/, "the shim's folder is mounted; compared apart"],
  [/^HostConfig\.Binds$/, "an anonymous volume is named, or it would be made anew and empty; compared apart"],
  [/^NetworkSettings\.(SandboxID|SandboxKey|EndpointID)$/, "another sandbox"],
  [/^NetworkSettings\.Networks\.[^.]+\.EndpointID$/, "another sandbox"],
];

type Mount = {
  readonly Type: string;
  readonly Name?: string;
  readonly Mode?: string | undefined;
  readonly Destination?: string;
  readonly Target?: string;
};

const isShim = (mount: Mount): boolean => (mount.Destination ?? mount.Target) === "/run/unsprawl";

export const binds = (doc: Doc): readonly string[] =>
  (doc["HostConfig"] as { Binds: readonly string[] | null }).Binds ?? [];

/** The volumes that the engine made for `-v /path` and for the image's VOLUME, as one would mount them by name. */
export function anonymous(doc: Doc): string[] {
  const { Mounts } = doc["HostConfig"] as { Mounts?: readonly Mount[] };
  return ((doc["Mounts"] ?? []) as Mount[])
    .filter(
      ({ Type, Name, Destination }) =>
        Type === "volume" && /^[0-9a-f]{64}$/.test(Name ?? "") && !Mounts?.some(({ Target }) => Target === Destination),
    )
    .filter(({ Destination }) =>
      Object.hasOwn((doc.Config as { Volumes?: object | null }).Volumes ?? {}, Destination ?? ""),
    )
    .map(({ Name, Destination }) => `${Name ?? ""}:${Destination ?? ""}`);
}

/** What is mounted where, the shim's folder aside. The mode "z" is how inspect shows any volume that has a name. */
export function mounts(doc: Doc): Mount[] {
  const place = ({ Destination, Target }: Mount): string => Destination ?? Target ?? "";
  return ((doc["Mounts"] ?? []) as Mount[])
    .filter((mount) => !isShim(mount))
    .map((mount) => ({ ...mount, Mode: mount.Mode === "z" ? "" : mount.Mode }))
    .sort((a, b) => (place(a) < place(b) ? -1 : 1));
}

/** Every value of a document by its path; lists stay whole. */
function leaves(node: unknown, path = "", into: Map<string, unknown> = new Map()): Map<string, unknown> {
  if (typeof node === "object" && node !== null && !Array.isArray(node) && Object.keys(node).length > 0) {
    for (const [key, value] of Object.entries(node))
      leaves(value, path === "" ? key : `${path}.${key.replaceAll(".", "·")}`, into);
  } else into.set(path, node);
  return into;
}

/** Ids, and what the engine chose by itself, under one name on both sides. */
function settled(doc: Doc): Doc {
  let json = JSON.stringify(doc).replaceAll(doc.Id, "ID").replaceAll(doc.Id.slice(0, 12), "ID");
  for (const [name, { IPAMConfig }] of Object.entries(doc.NetworkSettings.Networks)) {
    const network = (JSON.parse(json) as Doc).NetworkSettings.Networks[name] as { [key: string]: unknown };
    if (IPAMConfig && Object.keys(IPAMConfig).length > 0) continue;
    for (const key of ["IPAddress", "GlobalIPv6Address"]) {
      const address = network[key];
      if (typeof address === "string" && address !== "") json = json.replaceAll(`"${address}"`, '"ADDRESS"');
    }
  }
  const given =
    typeof doc.Config["MacAddress" as never] === "string" ||
    Object.values(doc.NetworkSettings.Networks).some(({ IPAMConfig }) => IPAMConfig);
  return JSON.parse(given ? json : json.replaceAll(/"MacAddress":"[0-9a-f:]+"/g, '"MacAddress":"MAC"')) as Doc;
}

export function differences(old: Doc, fresh: Doc): string[] {
  const [before, after] = [leaves(settled(old)), leaves(settled(fresh))];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => JSON.stringify(before.get(path) ?? null) !== JSON.stringify(after.get(path) ?? null))
    .filter((path) => !EXPECTED.some(([expected]) => expected.test(path)))
    .map((path) => `${path}: ${JSON.stringify(before.get(path))} → ${JSON.stringify(after.get(path))}`);
}

/** A container's inspect document, as far as the comparison looks into it. */
export type Doc = { readonly [key: string]: unknown } & {
  readonly Id: string;
  readonly State: { readonly Status: string };
  readonly Config: {
    readonly Env: readonly string[];
    readonly Hostname: string;
    readonly Entrypoint: readonly string[] | null;
    readonly Labels?: { readonly [key: string]: string } | null;
  };
  readonly NetworkSettings: { readonly Networks: { readonly [name: string]: { readonly IPAMConfig: object | null } } };
};

/** Everything in which a recreated container is not the old one with the shim before it. */
export function recreatedFaults(old: Doc, fresh: Doc): string[] {
  const same = (what: string, is: unknown, should: unknown): string[] =>
    JSON.stringify(is) === JSON.stringify(should) ? [] : [`${what}: ${JSON.stringify(should)} → ${JSON.stringify(is)}`];
  const kept = old.Config.Env.filter((entry) => !entry.startsWith("DB_PASSWORD="));
  const shim = ["/bin/sh", "/run/unsprawl/entrypoint", ...(old.Config.Entrypoint ?? [])];
  const named = (bind: string): string => {
    const volume = (old["Mounts"] as Mount[]).find((one) => !bind.includes(":") && one.Destination === clean(bind));
    return volume ? `${volume.Name ?? ""}:${bind}` : bind;
  };
  return [
    ...differences(old, fresh),
    ...same("Config.Env", fresh.Config.Env, kept),
    ...same("Config.Labels", foreignLabels(fresh), foreignLabels(old)),
    ...same("Config.Entrypoint", fresh.Config.Entrypoint, shim),
    ...same("Mounts", mounts(fresh), mounts(old)),
    ...same("HostConfig.Binds", binds(fresh), [...binds(old).map(named), ...anonymous(old)]),
  ];
}

/** What may differ, and why. Everything else must be equal. */
const EXPECTED: readonly (readonly [path: RegExp, why: string])[] = [
  [/^(Id|Created|Name)$/, "another container; the name is compared apart"],
  [/^(LogPath|ResolvConfPath|HostnamePath|HostsPath)$/, "hold the id"],
  [/^(ProcessLabel|GraphDriver\..*|ImageManifestDescriptor.*)$/, "the engine's own storage"],
  [/^State\.(Pid|StartedAt|FinishedAt|Health.*|ExitCode)$/, "another process"],
  [/^RestartCount$/, "not restarted yet"],
  [/^ExecIDs$/, "the health check that runs at this instant"],
  [/^Config\.Env$/, "the secret is gone; compared apart"],
  [/^(Path|Args|Config\.Entrypoint|Config\.Healthcheck\.Test)$/, "the shim stands before the original; compared apart"],
  [/^(HostConfig\.Mounts|Mounts)$/, "the shim's folder is mounted; compared apart"],
  [/^Config\.Labels(?:\.unsprawl·.*)?$/, "the reference and who may read it; the others are compared apart"],
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

const foreignLabels = (doc: Doc): readonly string[] =>
  Object.entries(doc.Config.Labels ?? {})
    .filter(([key]) => !key.startsWith("unsprawl."))
    .map(([key, value]) => `${key}=${value}`)
    .sort();

const isShim = (mount: Mount): boolean => (mount.Destination ?? mount.Target) === "/run/unsprawl";

const binds = (doc: Doc): readonly string[] => (doc["HostConfig"] as { Binds: readonly string[] | null }).Binds ?? [];

const clean = (path: string): string => path.replace(/(?<=.)\/+$/, "");

/** The volumes that the engine made for `-v /path` and for the image's VOLUME, as one would mount them by name. */
function anonymous(doc: Doc): string[] {
  const { Mounts } = doc["HostConfig"] as { Mounts?: readonly Mount[] };
  return ((doc["Mounts"] ?? []) as Mount[])
    .filter(
      ({ Type, Name, Destination }) =>
        Type === "volume" && /^[0-9a-f]{64}$/.test(Name ?? "") && !Mounts?.some(({ Target }) => Target === Destination),
    )
    .filter(({ Destination }) =>
      Object.keys((doc.Config as { Volumes?: object | null }).Volumes ?? {}).some((at) => clean(at) === Destination),
    )
    .map(({ Name, Destination }) => `${Name ?? ""}:${Destination ?? ""}`)
    .sort();
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

/** One that had run and is stopped; the new one was never started, as starting it to stop it would run the application. */
const NEVER_STARTED: readonly (readonly [path: RegExp, why: string])[] = [
  [/^State\.Status$/, "exited → created"],
  [
    /^Config\.(Hostname|Domainname)$/,
    "of a container that shares another's network: the other's, from the first start on",
  ],
  [/^NetworkSettings\.(Bridge|MacAddress)$/, "filled in at the first start"],
  [/^NetworkSettings\.Networks\.[^.]+\.(NetworkID|DNSNames|MacAddress)$/, "filled in at the first start"],
];

/** One that was never started: through older APIs the new one joins its other networks after it was created. */
const ONLY_CREATED: readonly (readonly [path: RegExp, why: string])[] = [
  [/^NetworkSettings\.Networks\.[^.]+\.DNSNames$/, "filled in when it joins, and made anew at the first start"],
];

type Network = {
  readonly IPAMConfig: { readonly IPv4Address?: string; readonly IPv6Address?: string } | null;
  readonly IPAddress?: string;
  readonly GlobalIPv6Address?: string;
  readonly MacAddress?: string;
};

/** Ids, and what the engine chose by itself, under one name on both sides. */
function settled(doc: Doc): Doc {
  let json = JSON.stringify(doc).replaceAll(doc.Id, "ID").replaceAll(doc.Id.slice(0, 12), "ID");
  for (const network of Object.values(doc.NetworkSettings.Networks) as Network[]) {
    const { IPAMConfig, IPAddress = "", GlobalIPv6Address = "", MacAddress = "" } = network;
    const bytes = IPAddress.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"));
    const chosen = [
      ...(IPAMConfig?.IPv4Address ? [] : [IPAddress]),
      ...(IPAMConfig?.IPv6Address ? [] : [GlobalIPv6Address]),
      // Up to version 27 the engine makes it from the address.
      ...(MacAddress === `02:42:${bytes.join(":")}` ? [MacAddress] : []),
    ];
    for (const one of chosen.filter(Boolean)) json = json.replaceAll(`"${one}"`, '"CHOSEN"');
  }
  return withoutRandomPorts(JSON.parse(json) as Doc);
}

type Ports = { readonly [port: string]: readonly { readonly HostPort?: string }[] | null };

/** Ports of the host that the engine chooses at each start. */
function withoutRandomPorts(doc: Doc): Doc {
  const asked = (doc["HostConfig"] as { PortBindings?: Ports | null }).PortBindings ?? {};
  const { Ports = {} } = doc.NetworkSettings as { Ports?: Ports };
  const shown = Object.entries(Ports).map(([port, bound]) => [
    port,
    bound?.map((one) =>
      asked[port]?.some(({ HostPort }) => HostPort === one.HostPort) ? one : { ...one, HostPort: "" },
    ),
  ]);
  return { ...doc, NetworkSettings: { ...doc.NetworkSettings, Ports: Object.fromEntries(shown) as Ports } } as Doc;
}

export function differences(old: Doc, fresh: Doc): string[] {
  const ofState: { readonly [status: string]: typeof EXPECTED } = { exited: NEVER_STARTED, created: ONLY_CREATED };
  const expected = [...EXPECTED, ...(ofState[old.State.Status] ?? [])];
  const [before, after] = [leaves(settled(old)), leaves(settled(fresh))];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => JSON.stringify(before.get(path) ?? null) !== JSON.stringify(after.get(path) ?? null))
    .filter((path) => !expected.some(([one]) => one.test(path)))
    .map((path) => `${path}: ${JSON.stringify(before.get(path))} → ${JSON.stringify(after.get(path))}`);
}

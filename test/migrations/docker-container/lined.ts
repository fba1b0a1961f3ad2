import type { RunLine } from "../../../migrations/docker-container/run-line/index.ts";
import { differences, mounts, type Doc } from "./compare.ts";

/** What may differ although nothing is said of it, and why. */
const EXPECTED: readonly (readonly [path: RegExp, why: string])[] = [
  [/^Config\.Attach(Stdin|Stdout|Stderr)$/, "how the client that created it was attached; `run -d` never is"],
  [/^RestartCount$/, "another process"],
  [/^HostConfig\.ConsoleSize$/, "that client's terminal"],
  [/^(Config\.ArgsEscaped|HostConfig\.Isolation)$/, "Windows only"],
];

/** Where the new one may differ because the line says that it cannot say it. */
const UNSAID: readonly (readonly [said: RegExp, paths: RegExp])[] = [
  [/^an entrypoint of several words/, /^Config\.(Entrypoint|Cmd)$/],
  [/^the speed limits of disks/, /^HostConfig\.BlkioDevice/],
  [/^the earlier values of a variable/, /^Config\.Env$/],
  [/^a health check that runs without a shell/, /^Config\.Healthcheck\.Test$/],
  [/^ports that are published without being exposed$/, /^(Config\.ExposedPorts|NetworkSettings\.Ports)\b/],
  [/^its seccomp profile/, /^HostConfig\.SecurityOpt$/],
  [/MaskedPaths/, /^HostConfig\.(MaskedPaths|ReadonlyPaths)$/],
  [/^the file that its id was written to$/, /^HostConfig\.ContainerIDFile$/],
  [/^that the folder mounted at .* is made/, /^HostConfig\.Mounts$/],
  [/^that its standard input stays open/, /^Config\.StdinOnce$/],
  [/^the shell of its health check/, /^Config\.Shell$/],
  [/^the MAC address in a network/, /MacAddress$/],
];

/** Everything in which a container that a line made is not the old one; what the line says it cannot say is taken out. */
export function linedFaults(old: Doc, fresh: Doc, line: RunLine): string[] {
  const expected = [
    ...EXPECTED.map(([path]) => path),
    ...UNSAID.filter(([said]) => line.cannot.some((what) => said.test(what))).map(([, paths]) => paths),
    ...((old.Config as { OpenStdin?: boolean }).OpenStdin ? [] : [/^Config\.StdinOnce$/]), // of no input
  ];
  const [kind] = (old.Config as { Healthcheck?: { Test?: readonly string[] } }).Healthcheck?.Test ?? [];
  // The engine puts them down when a network is connected, else at the first start.
  if (old.State.Status === "created" && line.after.length > 0) expected.push(/\.DNSNames$/);
  const shared = (old["HostConfig"] as { NetworkMode: string }).NetworkMode.startsWith("container:");
  if (shared && old.State.Status === "exited") expected.push(/^Config\.Hostname$/); // taken over at the first start
  if (kind === "NONE") expected.push(/^Config\.Healthcheck\./); // when nothing is checked
  const [before, after] = [comparable(old), comparable(fresh)];
  return [...differences(before, after), ...apart(old, fresh)].filter(
    (fault) => !expected.some((path) => path.test(fault.slice(0, fault.indexOf(": ")))),
  );
}

/** What `differences` leaves out, as the shim changes it. */
function apart(old: Doc, fresh: Doc): string[] {
  const same = (what: string, is: unknown, should: unknown): string[] =>
    JSON.stringify(is) === JSON.stringify(should) ? [] : [`${what}: ${JSON.stringify(should)} → ${JSON.stringify(is)}`];
  const config = (doc: Doc): { readonly [key: string]: unknown } => doc.Config;
  const test = (doc: Doc): unknown => (config(doc)["Healthcheck"] as { Test?: unknown } | undefined)?.Test ?? [];
  return [
    ...same("Path", [fresh["Path"], fresh["Args"]], [old["Path"], old["Args"]]),
    ...same("Config.Entrypoint", fresh.Config.Entrypoint ?? [], old.Config.Entrypoint ?? []),
    ...same("Config.Cmd", config(fresh)["Cmd"] ?? [], config(old)["Cmd"] ?? []),
    ...same("Config.Healthcheck.Test", test(fresh), test(old)),
    // The client keeps them in a map (docker/cli cli/command/container/run.go), and the image's come after them.
    ...same("Config.Env", fresh.Config.Env.toSorted(), old.Config.Env.toSorted()),
    ...same("Mounts", mounts(fresh), mounts(old)),
    ...same("HostConfig.Mounts", specs(fresh), specs(old)),
  ];
}

/** `HostConfig.Mounts` with the volume that an anonymous one has, and without empty options. */
function specs(doc: Doc): string[] {
  const { Mounts } = doc["HostConfig"] as { Mounts?: readonly { Type?: string; Source?: string; Target?: string }[] };
  const shown = mounts(doc);
  return (Mounts ?? []).map((mount) => {
    const held = shown.find(({ Destination }) => Destination === mount.Target?.replace(/(?<=.)\/+$/, ""));
    const named = mount.Type === "volume" && !mount.Source ? { ...mount, Source: held?.Name } : mount;
    return JSON.stringify(full(named));
  });
}

/** Lists that the client keeps in a map or sorts (docker/cli opts), so that they come in another order. */
const UNORDERED = ["Binds", "Ulimits", "CapAdd", "CapDrop"];

function comparable(doc: Doc): Doc {
  const host = doc["HostConfig"] as { readonly [key: string]: unknown };
  const sorted = UNORDERED.map((name) => [
    name,
    ((host[name] ?? []) as object[]).map((one) => JSON.stringify(one)).sort(),
  ]);
  // A network of no settings at all is still one.
  const networks = Object.entries(doc.NetworkSettings.Networks).map(([name, one]) => [name, { is: true, ...one }]);
  return full({
    ...doc,
    HostConfig: { ...host, ...Object.fromEntries(sorted) },
    NetworkSettings: { ...doc.NetworkSettings, Networks: { ...Object.fromEntries(networks), are: true } },
  }) as Doc;
}

/** Without what is absent, empty, zero or false: the API means the same by them. */
function full(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(full);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => [key, full(value)] as const);
  return Object.fromEntries(entries.filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === 0 || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

import { UnsprawlError } from "../../model/error.ts";
import { ownAliases, type CreateBody } from "./body.ts";
import { nameOf } from "../names.ts";
import type { ContainerDoc, NetworkEndpoint } from "../types.ts";

/**
 * Throws `refused` unless the engine created what was requested. Called before the old container is stopped: an engine
 * silently drops settings that the API version in use does not support, and a missing volume would mean data loss.
 */
export function mustMatchRequest(old: ContainerDoc, fresh: ContainerDoc, request: CreateBody): void {
  const lost = unlikeRequest(old, fresh, request);
  if (lost.length === 0) return;
  throw new UnsprawlError(
    "refused",
    `the engine would not give the new ${nameOf(old)} all that the old one has: ${lost.slice(0, 5).join(", ")}`,
    process.env["DOCKER_API_VERSION"] ? "unset DOCKER_API_VERSION, then plan again" : "please report this",
  );
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

const base = (path: string): string => path.split("/").at(-1) ?? "";

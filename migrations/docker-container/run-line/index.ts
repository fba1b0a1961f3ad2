import type { RunChange } from "../../../src/contract/delivery.ts";
import { createBody, NO_CHANGE } from "../../../src/engine/recreate/body.ts";
import type {
  ContainerDoc,
  NetworkEndpoint,
  EngineInfo,
  HostConfig,
  ImageDoc,
  RunConfig,
} from "../../../src/engine/types.ts";
import { commandWords, configFlags } from "./config.ts";
import { equalParts, type FlagInput } from "../../../src/engine/run-flags.ts";
import { hostFlags } from "./host.ts";
import { limitFlags } from "./limits.ts";
import { networkFlags } from "./network.ts";
import { shellLine } from "../../../src/kit/shell.ts";
import { storageFlags } from "./storage.ts";

export type RunLine = {
  /** The arguments of `docker`: `run -d …`, or `create …` for a container that must not start, or not at once. */
  readonly argv: readonly string[];
  /** Further commands, each without `docker`, in their order. */
  readonly after: readonly (readonly string[])[];
  /** What no flag of the client can express, in plain words. */
  readonly cannot: readonly string[];
};

export type RunSubject = {
  readonly doc: ContainerDoc;
  readonly image: ImageDoc;
  /** The engine's settings, as far as known: its defaults need no flag. */
  readonly info?: Partial<EngineInfo>;
  /** Below 1.44 networks are connected one by one. */
  readonly apiVersion?: string;
};

/**
 * The client's command that creates an equal container from `imageRef`, with the requested change, if any. It expresses
 * `createBody` in flags (docker/cli cli/command/container/opts.go), for clients from 25 on. For variables in `hide`
 * only the name is written, which the client completes from its environment. Everything else is written as it is:
 * secrets elsewhere (labels, commands) must have been removed from `doc`, see `hideSecrets`.
 */
export function runLine(
  { doc, image, info = {}, apiVersion = "1.44" }: RunSubject,
  imageRef: string,
  asked: RunChange | null,
  hide: ReadonlySet<string>,
): RunLine {
  const change = asked ?? NO_CHANGE;
  const { body, connectLater } = createBody(doc, image, imageRef, change, apiVersion);
  const { HostConfig: host, NetworkingConfig: networking, ...config } = body;
  const endpoints = (networking as { EndpointsConfig?: { [name: string]: NetworkEndpoint } } | undefined)
    ?.EndpointsConfig;
  const cannot = new Set<string>();
  const made: FlagInput = {
    config: ownPart(config, image.Config ?? {}),
    host: host as HostConfig,
    endpoints: endpoints ?? {},
    later: Object.fromEntries(connectLater.map(({ network, endpoint }) => [network, endpoint])),
    image: image.Config ?? {},
    info,
    change,
    hide,
    cannot: (what) => cannot.add(what),
  };
  const name = doc.Name.replace(/^\//, "");
  const { flags: entrypoint, words } = commandWords(made);
  const { flags: networks, after } = networkFlags(made, name);
  const { Running: running, Paused: paused } = doc.State;
  // An attached client would set this; a client that creates the container always does (StdinOnce).
  const open = config["OpenStdin"] === true;
  const once = open && config["StdinOnce"] === true;
  const atOnce = running && after.length === 0 && !once;
  if (!atOnce && open && !once) cannot.add("that its standard input stays open after the first client disconnects");
  unsaid(made);
  return {
    argv: [
      ...(atOnce ? ["run", "-d"] : ["create"]),
      "--name",
      name,
      ...platform(image, info),
      ...configFlags(made),
      ...hostFlags(made),
      ...limitFlags(made),
      ...storageFlags(made),
      ...networks,
      ...entrypoint,
      imageRef,
      ...words,
    ],
    after: [...after, ...(running && !atOnce ? [["start", name]] : []), ...(paused ? [["pause", name]] : [])],
    cannot: [...cannot],
  };
}

/** All commands as one line for a POSIX shell; `shown` may change a word. */
export function runText({ argv, after }: RunLine, shown: (word: string) => string = (word) => word): string {
  return [argv, ...after].map((words) => shellLine(["docker", ...words.map(shown)])).join(" && ");
}

/** What the engine would not merge in from the image by itself (moby `daemon/commit.go`, merge). */
function ownPart(config: RunConfig, image: RunConfig): RunConfig {
  const without = <T>(own?: { readonly [key: string]: T } | null, theirs?: { readonly [key: string]: T } | null) =>
    Object.fromEntries(Object.entries(own ?? {}).filter(([key, value]) => !theirs || !equalParts(theirs[key], value)));
  return { ...config, Labels: without(config.Labels, image.Labels), Volumes: without(config.Volumes, image.Volumes) };
}

function unsaid({ config, host, cannot }: FlagInput): void {
  if (Array.isArray(config["Shell"]) && config["Shell"].length > 0) cannot("the shell of its health check (Shell)");
  if (host["ContainerIDFile"]) cannot("the file that its id was written to");
  if (host["Cgroup"]) cannot("the container whose cgroup it joins");
}

/** Kernel names of architectures, mapped to the names in images (containerd platforms, normalizeArch). */
const MACHINES: { readonly [machine: string]: string } = {
  x86_64: "amd64",
  aarch64: "arm64",
  armv7l: "arm",
  armv6l: "arm",
  i686: "386",
};

/** Named only if it is not the engine's: a client that must pull the image would pull the engine's. */
function platform({ Os = "", Architecture = "" }: ImageDoc, info: Partial<EngineInfo>): string[] {
  const machine = typeof info["Architecture"] === "string" ? info["Architecture"] : "";
  const usual = machine === "" || Architecture === "" || (MACHINES[machine] ?? machine) === Architecture;
  return usual ? [] : ["--platform", `${Os}/${Architecture}`];
}

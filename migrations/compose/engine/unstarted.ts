import type { ComposeConfig, ServiceConfig } from "./cli.ts";
import { filesOfImage } from "./image-files.ts";
import { remoteImage, type RemoteImage } from "./registry-image.ts";
import type { Registry } from "../../../src/images/registry/client.ts";
import { grantsIn } from "../rewrite/entries.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { subjectWith, type Facts } from "../../../src/engine/facts.ts";
import type { ContainerDoc, EngineInfo, ImageDoc, Mount, RunConfig } from "../../../src/engine/types.ts";
import type { StartFiles } from "../../../src/images/layers/image-files.ts";
import { cmd } from "../../../src/kit/shell.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { DeliveryName } from "../../../src/model/plan.ts";

export type UnstartedTools = {
  readonly engine: Engine;
  readonly registry: (host: string) => Promise<Registry>;
};

/**
 * A service without a container, as its container would be: from what Compose makes of its files and from its image, in the
 * engine or else in its registry. Nothing is created or pulled. Throws `refused` where the image is nowhere, unless the
 * delivery that was asked for can do without it.
 */
export async function declaredFacts(
  { engine, registry }: UnstartedTools,
  config: ComposeConfig,
  { project, service, runId }: { readonly project: string; readonly service: string; readonly runId: string },
  deliver: DeliveryName | "auto",
): Promise<Facts> {
  const declared = config.services[service] ?? {};
  const named = typeof declared["image"] === "string" ? declared["image"] : null;
  const name = named ?? `${project}-${service}`;
  const signal = new AbortController().signal;
  const [here, info] = await Promise.all([engine.image(name), engine.info()]);
  const local = here === null ? null : { image: here, files: () => filesOfImage(engine, here, signal) };
  const found = local ?? (named === null ? null : await elsewhere(registry, named, info, signal));
  // The shim goes before an entrypoint, which may be the image's.
  const onTrust =
    ["runtime", "file"].includes(deliver) || (deliver === "shim" && Array.isArray(declared["entrypoint"]));
  const isFound = found !== null && !(found instanceof UnsprawlError);
  if (!isFound && !onTrust) {
    const why = found === null ? "" : ` (${found.message})`;
    throw new UnsprawlError(
      "refused",
      `${service} has no container, and its image ${name} is not in the engine, so it is not known how it starts${why}`,
      cmd`docker pull ${name}, or docker compose build; then plan again. --deliver file takes your word for it`,
    );
  }
  const image = isFound ? found.image : UNSEEN;
  const doc = declaredDoc(config, declared, image, `${project}-${service}-1`);
  let files: Promise<StartFiles> | null = null;
  const look = async (): Promise<StartFiles> => (files ??= isFound ? found.files() : Promise.resolve(NO_FILES));
  const subject = {
    ...subjectWith(engine, doc, image, info, runId),
    readFile: async (path: string) => (await look()).readFile(path),
    hasFile: async (path: string) => (await look()).hasFile(path),
  };
  return { doc, image, info, subject };
}

/** The image in its registry, or why it cannot be looked at there. */
async function elsewhere(
  registry: UnstartedTools["registry"],
  name: string,
  info: EngineInfo,
  signal: AbortSignal,
): Promise<RemoteImage | UnsprawlError> {
  try {
    const machine = info["Architecture"];
    return await remoteImage(registry, name, typeof machine === "string" ? machine : "", signal);
  } catch (error) {
    if (error instanceof UnsprawlError && error.code !== "interrupted") return error;
    throw error;
  }
}

/** Whether a service's image could not be looked at, so that its user alone says how it is delivered. */
export const isUnseen = ({ image }: Facts): boolean => image === UNSEEN;

const UNSEEN: ImageDoc = { Id: "" };
/** The user asked for the shim, and thereby says that there is a shell. */
const NO_FILES: StartFiles = { readFile: () => null, hasFile: (path) => path === "/bin/sh" };

/** What inspect would show of the container, as far as a delivery asks. */
function declaredDoc(config: ComposeConfig, service: ServiceConfig, image: ImageDoc, name: string): ContainerDoc {
  const own: RunConfig = image.Config ?? {};
  const [entrypoint, command] = [wordsIn(service, "entrypoint"), wordsIn(service, "command")];
  const test = healthTest(service, own);
  const user = typeof service["user"] === "string" ? service["user"] : (own.User ?? "");
  const runtime = typeof service["runtime"] === "string" ? { Runtime: service["runtime"] } : {};
  return {
    ...{ Id: "", Name: `/${name}`, Image: image.Id, State: { Status: "absent", Running: false, Paused: false } },
    Config: {
      ...{ Env: environmentOf(service, own), User: user },
      // An entrypoint of the service's own drops the image's command (Compose specification, "entrypoint").
      Entrypoint: entrypoint ?? own.Entrypoint ?? [],
      Cmd: command ?? (entrypoint === null ? (own.Cmd ?? []) : []),
      ...(test.length === 0 ? {} : { Healthcheck: { Test: test } }),
    },
    HostConfig: runtime,
    Mounts: mountsOf(config, service),
  };
}

const wordsIn = (service: ServiceConfig, key: string): readonly string[] | null =>
  Array.isArray(service[key]) ? (service[key] as readonly unknown[]).map((word) => plain(String(word))) : null;

function environmentOf({ environment }: ServiceConfig, image: RunConfig): readonly string[] {
  const set = Object.entries(environment ?? {}).flatMap(([key, value]) =>
    value === null ? [] : [[key, plain(value)] as const],
  );
  const names = new Set(set.map(([key]) => key));
  const inherited = (image.Env ?? []).filter((one) => !names.has(one.split("=", 1)[0] ?? ""));
  return [...inherited, ...set.map(([key, value]) => `${key}=${value}`)];
}

function healthTest(service: ServiceConfig, image: RunConfig): readonly string[] {
  const check = service["healthcheck"] as { readonly test?: readonly string[]; readonly disable?: boolean } | undefined;
  return check?.disable === true ? ["NONE"] : (check?.test?.map(plain) ?? image.Healthcheck?.Test ?? []);
}

function mountsOf(config: ComposeConfig, service: ServiceConfig): readonly Mount[] {
  const volumes = (service["volumes"] ?? []) as readonly { readonly source?: string; readonly target?: string }[];
  const grants = (["secrets", "configs"] as const).flatMap((kind) => grantsIn(config, service, kind));
  return [
    ...volumes.map(({ source = "", target = "" }) => ({ Type: "", Source: source, Destination: target })),
    ...grants.map(({ file, target }) => ({ Type: "bind", Source: file ?? "", Destination: target })),
  ];
}

/** `config` prints `$` escaped. */
const plain = (text: string): string => text.replaceAll("$$", "$");

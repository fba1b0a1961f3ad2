import type { Detector } from "../../../src/contract/detector.ts";
import { Secret, SecretIndex } from "../../../src/model/secret.ts";
import { Redactor } from "../../../src/kit/text/redact.ts";
import { containerCandidates } from "../../../src/engine/candidates.ts";
import type { ContainerDoc, ImageDoc, RunConfig } from "../../../src/engine/types.ts";
import { equalParts } from "../../../src/engine/run-flags.ts";
import { isPublic } from "./public.ts";
import type { JsonObject } from "../../../src/kit/json-object.ts";

const MARK = "[hidden]";

export type Hidden = {
  /** The document with a mark in place of each text that may be a secret, outside its variables. */
  readonly doc: ContainerDoc;
  /** The variables of which only the name may be shown. */
  readonly names: ReadonlySet<string>;
  /** Where marks are, in plain words. */
  readonly places: readonly string[];
  /** Takes the known secrets out of any other text. */
  readonly redact: (text: string) => string;
};

/**
 * A container as it may be shown. Detection may miss a secret, so it does not decide alone: of variables, labels,
 * options and commands, only what the image itself sets stays, and what is public by its form unless detection or a
 * setting says otherwise. A command with any other word is removed as a whole.
 */
export function hideSecrets(doc: ContainerDoc, image: ImageDoc, detector: Detector): Hidden {
  const redactor = new Redactor();
  // What is also the name of a variable is shown there: without it no label or mount could be pasted.
  const named = new SecretIndex<string>();
  for (const entry of doc.Config.Env ?? []) {
    const [name = ""] = entry.split("=", 1);
    if (detector.name(name) === name) named.add(Secret.of(name), name);
  }
  const know = (value: Secret): void => {
    if (named.get(value).length === 0) redactor.know(value);
  };
  const places = new Set<string>();
  const flagged = { names: new Set<string>(), paths: new Set<string>(), values: [] as Secret[] };
  for (const { name, value, location } of containerCandidates("docker", doc, image, { odd: () => undefined })) {
    const question = { name, where: location.where, value, path: location.path };
    const verdict = detector.classify(question);
    if (!(verdict.secret || verdict.suppressedBy !== undefined)) continue;
    const ofImage = location.origin === "image";
    // A delivery may have to repeat the image's command.
    if (!ofImage || COMMANDS.has(location.where)) know(detector.part(question) ?? value);
    if (ofImage) continue;
    if (location.where === "env") flagged.names.add(name);
    else if (COMMANDS.has(location.where)) flagged.paths.add(location.path);
    else flagged.values.push(value);
    if (!COMMANDS.has(location.where)) know(value);
  }
  const shows = (text: string): boolean =>
    isPublic(text) && !flagged.values.some((value) => value.equals(Secret.of(text)));
  const marked = (map: MountOptions, place: string, ofImage: MountOptions = null): MountOptions => {
    const named = Object.entries(map ?? {}).filter(([key]) => detector.name(key) === key);
    const shown = named.map(([key, text]) => [key, ofImage?.[key] === text || shows(text) ? text : MARK] as const);
    if (JSON.stringify(shown) !== JSON.stringify(Object.entries(map ?? {}))) places.add(place);
    return map ? Object.fromEntries(shown) : map;
  };
  const { env, names } = variables(doc, image, detector, flagged.names);
  if (env.length < (doc.Config.Env ?? []).length) places.add("the name of a variable");
  const words = new Set([
    "NONE",
    "CMD",
    "CMD-SHELL",
    ...COMMAND_PATHS.flatMap((path) => wordsAt(image.Config ?? {}, path)),
  ]);
  const commands = COMMAND_PATHS.filter((path) => {
    const [own, theirs] = [wordsAt(doc.Config, path), wordsAt(image.Config ?? {}, path)];
    return (
      flagged.paths.has(path) || !(equalParts(own, theirs) || own.every((word) => words.has(word) || isPublic(word)))
    );
  });
  for (const path of commands) places.add(path);
  const { LogConfig: log, Annotations: annotations, Mounts: mounts } = doc.HostConfig;
  const networks = Object.entries(doc.NetworkSettings?.Networks ?? {});
  return {
    doc: {
      ...doc,
      Config: {
        ...Object.assign({}, doc.Config, ...commands.map((path) => MARKED[path](doc))),
        Env: env,
        Labels: marked(doc.Config.Labels, "Config.Labels", image.Config?.Labels),
      },
      HostConfig: {
        ...doc.HostConfig,
        ...(annotations ? { Annotations: marked(annotations, "HostConfig.Annotations") } : {}),
        ...(log ? { LogConfig: { ...log, Config: marked(log.Config, "HostConfig.LogConfig") } } : {}),
        ...(mounts ? { Mounts: mounts.map((mount) => withOptions(mount, marked)) } : {}),
      },
      NetworkSettings: {
        ...doc.NetworkSettings,
        Networks: Object.fromEntries(
          networks.map(([name, one]) => [name, { ...one, DriverOpts: marked(one.DriverOpts, "a network's options") }]),
        ),
      },
    } as ContainerDoc,
    names,
    places: [...places],
    // If everything in it counts as a secret, no word is spared.
    redact: (text) => redactor.foreign(text),
  };
}

/** The variables whose name may be shown, and those of them whose value may not. */
function variables(
  doc: ContainerDoc,
  image: ImageDoc,
  detector: Detector,
  flagged: ReadonlySet<string>,
): { readonly env: readonly string[]; readonly names: ReadonlySet<string> } {
  const nameOf = (entry: string): string => entry.split("=", 1)[0] ?? "";
  const env = (doc.Config.Env ?? []).filter((entry) => detector.name(nameOf(entry)) === nameOf(entry));
  const theirs = new Set(image.Config?.Env);
  const hidden = env.filter((entry) => {
    const name = nameOf(entry);
    // A name alone, which removes the image's value, contains nothing.
    return flagged.has(name) || !(theirs.has(entry) || isPublic(entry.slice(name.length + 1)));
  });
  return { env, names: new Set(hidden.map(nameOf)) };
}

type MountOptions = { readonly [key: string]: string } | null | undefined;

function withOptions(mount: JsonObject, marked: (map: MountOptions, place: string) => MountOptions): JsonObject {
  const volume = mount["VolumeOptions"] as JsonObject | undefined;
  const driver = volume?.["DriverConfig"] as { readonly Options?: MountOptions } | undefined;
  if (!driver?.Options) return mount;
  const Options = marked(driver.Options, "the options of a volume");
  return { ...mount, VolumeOptions: { ...volume, DriverConfig: { ...driver, Options } } };
}

const MARKED = {
  "Config.Cmd": () => ({ Cmd: [MARK] }),
  "Config.Entrypoint": () => ({ Entrypoint: [MARK] }),
  "Config.Healthcheck.Test": ({ Config }: ContainerDoc) => ({
    Healthcheck: { ...Config.Healthcheck, Test: ["CMD-SHELL", MARK] },
  }),
} as const;

const COMMAND_PATHS = Object.keys(MARKED) as (keyof typeof MARKED)[];

function wordsAt(config: RunConfig, path: keyof typeof MARKED): readonly string[] {
  if (path === "Config.Healthcheck.Test") return config.Healthcheck?.Test ?? [];
  return (path === "Config.Cmd" ? config.Cmd : config.Entrypoint) ?? [];
}

const COMMANDS: ReadonlySet<string> = new Set(["cmd", "entrypoint", "healthcheck"]);

import type { Detector } from "../../../src/contract/detector.ts";
import type { Candidate } from "../../../src/model/candidate.ts";
import { Secret, SecretIndex } from "../../../src/model/secret.ts";
import { Redactor } from "../../../src/kit/text/redact.ts";
import { containerCandidates } from "../../../src/engine/candidates.ts";
import type { ContainerDoc, HostConfig, ImageDoc, RunConfig } from "../../../src/engine/types.ts";
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
  return new HiddenContainer(doc, image, detector).shown();
}

class HiddenContainer {
  readonly #doc: ContainerDoc;
  readonly #image: ImageDoc;
  readonly #detector: Detector;
  readonly #redactor = new Redactor();
  /** What is also the name of a variable is shown there: without it no label or mount could be pasted. */
  readonly #named = new SecretIndex<string>();
  readonly #flagged = { names: new Set<string>(), paths: new Set<string>(), values: [] as Secret[] };
  readonly #places = new Set<string>();

  constructor(doc: ContainerDoc, image: ImageDoc, detector: Detector) {
    this.#doc = doc;
    this.#image = image;
    this.#detector = detector;
    for (const entry of doc.Config.Env ?? []) {
      const [name = ""] = entry.split("=", 1);
      if (detector.name(name) === name) this.#named.add(Secret.of(name), name);
    }
    for (const candidate of containerCandidates("docker", doc, image, { odd: () => undefined })) this.#flag(candidate);
  }

  /** Notes what detection takes for a secret. */
  #flag({ name, value, location: { where, path, origin } }: Candidate): void {
    const question = { name, where, value, path };
    const verdict = this.#detector.classify(question);
    if (!(verdict.secret || verdict.suppressedBy !== undefined)) return;
    // A delivery may have to repeat the image's command.
    if (origin !== "image" || COMMANDS.has(where)) this.#know(this.#detector.part(question) ?? value);
    if (origin === "image") return;
    if (where === "env") this.#flagged.names.add(name);
    else if (COMMANDS.has(where)) this.#flagged.paths.add(path);
    else this.#flagged.values.push(value);
    if (!COMMANDS.has(where)) this.#know(value);
  }

  #know(value: Secret): void {
    if (this.#named.get(value).length === 0) this.#redactor.know(value);
  }

  shown(): Hidden {
    const [doc, image] = [this.#doc, this.#image];
    const { env, names } = variables(doc, image, this.#detector, this.#flagged.names);
    if (env.length < (doc.Config.Env ?? []).length) this.#places.add("the name of a variable");
    const commands = this.#hiddenCommands();
    for (const path of commands) this.#places.add(path);
    const Labels = this.#marked(doc.Config.Labels, "Config.Labels", image.Config?.Labels);
    return {
      doc: {
        ...doc,
        Config: { ...Object.assign({}, doc.Config, ...commands.map((path) => MARKED[path](doc))), Env: env, Labels },
        HostConfig: this.#hostConfig(),
        NetworkSettings: this.#networkSettings(),
      } as ContainerDoc,
      names,
      places: [...this.#places],
      // If everything in it counts as a secret, no word is spared.
      redact: (text) => this.#redactor.foreign(text),
    };
  }

  /** The commands that have a word of somebody else, or one that is flagged. */
  #hiddenCommands(): readonly (keyof typeof MARKED)[] {
    const theirs = (path: keyof typeof MARKED): readonly string[] => wordsAt(this.#image.Config ?? {}, path);
    const words = new Set(["NONE", "CMD", "CMD-SHELL", ...COMMAND_PATHS.flatMap(theirs)]);
    return COMMAND_PATHS.filter((path) => {
      const own = wordsAt(this.#doc.Config, path);
      const isShown = equalParts(own, theirs(path)) || own.every((word) => words.has(word) || isPublic(word));
      return this.#flagged.paths.has(path) || !isShown;
    });
  }

  #hostConfig(): HostConfig {
    const { HostConfig } = this.#doc;
    const { LogConfig: log, Annotations: annotations, Mounts: mounts } = HostConfig;
    return {
      ...HostConfig,
      ...(annotations ? { Annotations: this.#marked(annotations, "HostConfig.Annotations") } : {}),
      ...(log ? { LogConfig: { ...log, Config: this.#marked(log.Config, "HostConfig.LogConfig") } } : {}),
      ...(mounts ? { Mounts: mounts.map((mount) => this.#withOptions(mount)) } : {}),
    } as HostConfig;
  }

  #networkSettings(): ContainerDoc["NetworkSettings"] {
    const { NetworkSettings } = this.#doc;
    const networks = Object.entries(NetworkSettings?.Networks ?? {}).map(([name, one]) => [
      name,
      { ...one, DriverOpts: this.#marked(one.DriverOpts, "a network's options") },
    ]);
    return { ...NetworkSettings, Networks: Object.fromEntries(networks) };
  }

  #withOptions(mount: JsonObject): JsonObject {
    const volume = mount["VolumeOptions"] as JsonObject | undefined;
    const driver = volume?.["DriverConfig"] as { readonly Options?: MountOptions } | undefined;
    if (!driver?.Options) return mount;
    const Options = this.#marked(driver.Options, "the options of a volume");
    return { ...mount, VolumeOptions: { ...volume, DriverConfig: { ...driver, Options } } };
  }

  /** A map with marks; `ofImage` are the image's own values. */
  #marked(map: MountOptions, place: string, ofImage: MountOptions = null): MountOptions {
    const named = Object.entries(map ?? {}).filter(([key]) => this.#detector.name(key) === key);
    const isShown = (key: string, text: string): boolean => ofImage?.[key] === text || this.#isPublic(text);
    const shown = named.map(([key, text]) => [key, isShown(key, text) ? text : MARK] as const);
    if (JSON.stringify(shown) !== JSON.stringify(Object.entries(map ?? {}))) this.#places.add(place);
    return map ? Object.fromEntries(shown) : map;
  }

  #isPublic(text: string): boolean {
    return isPublic(text) && !this.#flagged.values.some((value) => value.equals(Secret.of(text)));
  }
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

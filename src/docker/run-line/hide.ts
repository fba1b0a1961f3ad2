import type { Detector } from "../../contract/detector.ts";
import { Secret } from "../../model/secret.ts";
import { Redactor } from "../../text/redact.ts";
import { containerCandidates } from "../candidates.ts";
import type { ContainerDoc, ImageDoc } from "../types.ts";

const MARK = "[secret]";

export type Hidden = {
  /** The document with a mark in the place of each secret outside its variables. */
  readonly doc: ContainerDoc;
  /** The variables that hold a secret. */
  readonly names: ReadonlySet<string>;
  /** Where marks stand, in plain words. */
  readonly places: readonly string[];
  /** Takes the secrets out of any other text. */
  readonly redact: (text: string) => string;
};

/**
 * A container as it may be told in full. What detection takes for a secret at any confidence is one, and so is what a
 * setting hid: that it needs no report does not make it public. A command that holds one is taken away whole, as it may
 * hold more. What the container has only from its image stays: it is not told of the container.
 */
export function hideSecrets(doc: ContainerDoc, image: ImageDoc, detector: Detector): Hidden {
  const redactor = new Redactor();
  const names = new Set<string>();
  const places = new Set<string>();
  const values: Secret[] = [];
  for (const { name, value, location } of containerCandidates("docker", doc, image, new Map(), () => undefined)) {
    const question = { name, where: location.where, value, path: location.path };
    const verdict = detector.classify(question);
    if (location.origin === "image" || !(verdict.secret || verdict.hushedBy !== undefined)) continue;
    if (location.where === "env") names.add(name);
    else if (COMMANDS.has(location.where)) places.add(location.path);
    else values.push(value);
    redactor.know(detector.part(question) ?? value);
    if (!COMMANDS.has(location.where)) redactor.know(value);
  }
  const marked = (map: Strings, place: string): Strings => {
    const shown = Object.entries(map ?? {}).filter(([key]) => detector.name(key) === key);
    const hidden = (text: string): boolean => values.some((value) => value.equals(Secret.of(text)));
    const told = shown.map(([key, text]) => [key, hidden(text) ? MARK : text] as const);
    if (JSON.stringify(told) !== JSON.stringify(Object.entries(map ?? {}))) places.add(place);
    return map ? Object.fromEntries(told) : map;
  };
  const own = (doc.Config.Env ?? []).filter((entry) => {
    const name = entry.split("=", 1)[0] ?? "";
    return detector.name(name) === name;
  });
  if (own.length < (doc.Config.Env ?? []).length) places.add("the name of a variable");
  const commands = Object.keys(MARKED).filter((path) => places.has(path)) as (keyof typeof MARKED)[];
  const { LogConfig: log, Annotations: annotations, Mounts: mounts } = doc.HostConfig;
  const networks = Object.entries(doc.NetworkSettings?.Networks ?? {});
  return {
    doc: {
      ...doc,
      Config: {
        ...Object.assign({}, doc.Config, ...commands.map((path) => MARKED[path](doc))),
        Env: own,
        Labels: marked(doc.Config.Labels, "Config.Labels"),
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
    redact: (text) => redactor.guard(text),
  };
}

type Strings = { readonly [key: string]: string } | null | undefined;

function withOptions(mount: Open, marked: (map: Strings, place: string) => Strings): Open {
  const volume = mount["VolumeOptions"] as Open | undefined;
  const driver = volume?.["DriverConfig"] as { readonly Options?: Strings } | undefined;
  if (!driver?.Options) return mount;
  const Options = marked(driver.Options, "the options of a volume");
  return { ...mount, VolumeOptions: { ...volume, DriverConfig: { ...driver, Options } } };
}

type Open = { readonly [key: string]: unknown };

const MARKED = {
  "Config.Cmd": () => ({ Cmd: [MARK] }),
  "Config.Entrypoint": () => ({ Entrypoint: [MARK] }),
  "Config.Healthcheck.Test": ({ Config }: ContainerDoc) => ({
    Healthcheck: { ...Config.Healthcheck, Test: ["CMD-SHELL", MARK] },
  }),
} as const;

const COMMANDS: ReadonlySet<string> = new Set(["cmd", "entrypoint", "healthcheck"]);

import { cmd } from "../../../src/kit/shell.ts";
import { createHash } from "node:crypto";
import { posix } from "node:path";
import { isOurDriver } from "../../../src/engine/plugin/questions.ts";
import * as v from "valibot";
import { RUN_CHANGE } from "../../../src/files/delivered.ts";
import type { DeliverySubject, DriverVolume, Owner, RunChange, RunMount } from "../../../src/contract/delivery.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import { belowFolder, distinctName, isOwnName } from "../../../src/kit/io/name.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { Consumer } from "../../../src/model/consumer.ts";
import type { Move } from "../../../src/model/plan.ts";
import { NAMES_END, scriptNames, START_SCRIPT } from "../../../src/model/start-script.ts";
import { SCRIPT_NAME, SCRIPT_VALUES } from "./script.ts";

/** One entry of the top-level `secrets:`, and the service's grant of it. */
export type SecretEntry = {
  readonly name: string;
  /** As `target:` says it: relative to /run/secrets, or absolute. */
  readonly target: string;
  /** The text of `file:`, which every machine fills in for itself. */
  readonly file: string;
  readonly reference: string;
  readonly owner: Owner;
};

/** A volume of a driver: its key below the top-level `volumes:`, what it says there, and where the service has it. */
export type VolumeEntry = DriverVolume & { readonly key: string; readonly target: string };

/** A delivery in Compose's own form. Absent parts in journals of earlier versions, and for `runtime`. */
export type ComposeChange = RunChange & {
  readonly secrets?: readonly SecretEntry[];
  /** Whether the service needs a grant of the script: an earlier run may have given it one. */
  readonly script?: boolean;
  /** The volume with its values, as the file has it: its top-level key, and its options. Absent for none. */
  readonly volume?: VolumeEntry;
  /** What an earlier run put before the entrypoint; the new prefix takes its place. */
  readonly earlier?: readonly string[];
  /** Whether the service's own words change too: the files say how, and are compared themselves. */
  readonly reworded?: boolean;
  /** The service's labels that name a file in place of their value: compared in the files too. */
  readonly relabelled?: readonly string[];
};

/** What of it the journal is asked for again: a comparison of containers needs no entries of files. */
export const COMPOSE_CHANGE: v.GenericSchema<unknown, ComposeChange> = v.intersect([
  RUN_CHANGE,
  v.object({
    earlier: v.exactOptional(v.array(v.string())),
    reworded: v.exactOptional(v.boolean()),
    relabelled: v.exactOptional(v.array(v.string())),
  }),
]);

/** A service as the deliveries see it: without what earlier runs brought. */
export type BareService = {
  readonly subject: DeliverySubject;
  /** The prefix that earlier runs put before its entrypoint; empty for none. */
  readonly earlier: readonly string[];
  /** The same before its health check alone. */
  readonly earlierCheck: readonly string[];
  /** The command of its health check as the engine has it; null for none. */
  readonly health: readonly string[] | null;
  readonly hasScript: boolean;
};

/** Where a service's values are as files, below the folder in memory: the same on every machine and in every run. */
export function serviceFolder(project: string, service: string): string {
  return posix.join("compose", segment(project), segment(service));
}

const segment = (name: string): string => (isOwnName(name) ? name : distinctName(name, ["compose", name]));

/**
 * What `file:` of a secret says. The folder in memory is the one setting of a machine that it depends on; Compose fills
 * it in as unsprawl does.
 */
export function secretFileText(project: string, service: string, name: string): string {
  return `\${UNSPRAWL_RUNTIME_DIR:-${DEFAULT_MEMORY}}/${serviceFolder(project, service)}/${name}`;
}

/** The files that describe a project's consumers. */
export function originOf([first, ...also]: readonly string[], dir: string): Pick<Consumer, "origin" | "also"> {
  return { origin: first ?? dir, ...(also.length > 0 ? { also } : {}) };
}

const DEFAULT_MEMORY = "/run/unsprawl";

/** The folder in memory, as Compose fills it in. */
export function memoryOf({ UNSPRAWL_RUNTIME_DIR: dir }: NodeJS.ProcessEnv): string {
  return dir === undefined || dir === "" ? DEFAULT_MEMORY : dir;
}

/** Throws `refused` when Compose, without help, would look for the files elsewhere than in this folder in memory. */
export function mustBeFound(memory: string, env: NodeJS.ProcessEnv): void {
  if ((env["UNSPRAWL_RUNTIME_DIR"] ?? "") !== "" || memory === DEFAULT_MEMORY) return;
  throw new UnsprawlError(
    "refused",
    `${DEFAULT_MEMORY} is not on tmpfs here, and the Compose file would name it`,
    cmd`mkdir -p -m 700 ${memory}; export UNSPRAWL_RUNTIME_DIR=${memory}, for docker compose too; or: mount -t tmpfs -o mode=0700 tmpfs ${DEFAULT_MEMORY}`,
  );
}

/** A service's subject without the files, the script and the prefix of earlier runs. `folder` is its own, absolute. */
export function bareService(
  subject: DeliverySubject,
  { Config, Mounts }: ContainerDoc,
  folder: string,
  moves: readonly Pick<Move, "name">[],
): BareService {
  const isScript = ({ Source = "", Destination = "" }): boolean =>
    Destination === START_SCRIPT && posix.basename(Source) === SCRIPT_NAME;
  const mounts = (Mounts ?? []).filter(
    (one) => !isScript(one) && !(one.Source ?? "").startsWith(`${folder}/`) && !isOurDriver(one.Driver ?? ""),
  );
  const targets = mounts.map(({ Destination }) => Destination);
  // Secrets of the project's own are files beside ours; only one of the same name is in the way.
  const names = new Set(moves.map(({ name }) => `${SECRETS}/${name}`));
  const mountTargets = [
    ...targets.filter((target) => !target.startsWith(`${SECRETS}/`)),
    ...(targets.some((target) => names.has(target)) ? [SECRETS] : []),
  ];
  const earlier = earlierPrefix(subject.entrypoint);
  const [kind = "", ...check] = Config.Healthcheck?.Test ?? [];
  const earlierCheck = earlierPrefix(check);
  const test = [kind, ...check.slice(earlierCheck.length)];
  return {
    subject: {
      ...{ ...subject, mountTargets, entrypoint: subject.entrypoint.slice(earlier.length) },
      health: ["", "NONE"].includes(kind) ? [] : test,
    },
    ...{ earlier, earlierCheck },
    health: kind === "" ? null : test,
    hasScript: (Mounts ?? []).some(isScript),
  };
}

const SECRETS = "/run/secrets";

/** The words up to the `--` behind the script's names; none where another command begins. */
export function earlierPrefix(words: readonly string[]): readonly string[] {
  const names = scriptNames(words);
  return names?.from === 2 ? words.slice(0, names.to + 1) : [];
}

/** What a delivery changes, in the form that Compose files have for it: a secret for each value, a config for the script. */
export function composeChange(
  change: RunChange,
  { earlier, hasScript }: BareService,
  moves: readonly Move[],
  at: ComposeSite,
): ComposeChange {
  const [mount] = change.mounts;
  if (mount === undefined) return change;
  if (mount.volume !== undefined) return volumeChange(change, { ...mount, volume: mount.volume }, earlier, moves, at);
  const isShim = change.entrypointPrefix !== null;
  const inFolder = isShim ? SCRIPT_VALUES : mount.target;
  // Names of earlier versions, whose files are elsewhere.
  const prefix = (words: readonly string[] | null): readonly string[] | null =>
    words === null ? null : [...words, ...earlier.slice(2, -1), NAMES_END];
  const needsScript = isShim && !hasScript;
  const values = moves.map(({ name }) => ({
    source: belowFolder(at.folder, name),
    target: `${inFolder}/${name}`,
  }));
  const hidden = new Set(moves.flatMap(({ name }) => (staysHidden(at.shadowed?.get(name), isShim) ? name : [])));
  return {
    ...change,
    unset: change.unset.filter((name) => !hidden.has(name)),
    set: [...change.set, ...Array.from(hidden, (name) => ({ name, value: "" }))],
    mounts: [...values, ...(needsScript ? [{ source: at.script, target: START_SCRIPT }] : [])],
    entrypointPrefix: prefix(change.entrypointPrefix),
    healthcheckPrefix: prefix(change.healthcheckPrefix),
    secrets: moves.map(({ name, reference }) => ({
      name,
      target: inFolder === SECRETS ? name : `${inFolder}/${name}`,
      file: secretFileText(at.project, at.service, name),
      reference: at.shownReference(reference),
      owner: at.owner,
    })),
    script: needsScript,
    earlier: isShim ? earlier : [],
  };
}

const byText = (one: readonly string[], other: readonly string[]): number => (one.join("=") < other.join("=") ? -1 : 1);

export const volumeKey = (service: string, digest: string): string => `unsprawl-${segment(service)}-${digest}`;

/**
 * The engine does not change the options of a volume, so its name has a digest of them: a later migration makes another
 * volume, and this one keeps its name on every machine.
 */
function volumeChange(
  change: RunChange,
  { target, volume }: RunMount & { readonly volume: DriverVolume },
  earlier: readonly string[],
  moves: readonly Move[],
  at: ComposeSite,
): ComposeChange {
  const digest = createHash("sha256")
    .update(JSON.stringify(Object.entries(volume.options).sort(byText)))
    .digest("hex");
  const key = volumeKey(at.service, digest.slice(0, 8));
  const hidden = new Set(moves.flatMap(({ name }) => (staysHidden(at.shadowed?.get(name), true) ? name : [])));
  const { unmount: _replaced, ...rest } = change;
  return {
    ...rest,
    unset: change.unset.filter((name) => !hidden.has(name)),
    set: [...change.set, ...Array.from(hidden, (name) => ({ name, value: "" }))],
    mounts: [{ source: `${at.project}_${key}`, target, volume }],
    volume: { ...volume, key, target },
    earlier,
  };
}

/**
 * Whether a variable is left empty where it was, so that what it hides (an env file's value) does not come back. The script
 * sets it over that; an image that reads files takes an empty one for none, but is not asked to where there was another.
 */
function staysHidden(others: readonly string[] = [], isShim: boolean): boolean {
  return others.length > 0 && (isShim || others.every((value) => value === ""));
}

/** What a service's delivery depends on besides its container. */
export type ComposeSite = {
  readonly project: string;
  readonly service: string;
  /** Absolute: where its values are as files. */
  readonly folder: string;
  /** Absolute: the script in the folder that relative paths of its file are relative to. */
  readonly script: string;
  readonly owner: Owner;
  /** Variables that the project also sets to other values, which are not in effect. */
  readonly shadowed?: ReadonlyMap<string, readonly string[]>;
  /** A reference as a file of the project says it. */
  readonly shownReference: (reference: string) => string;
};

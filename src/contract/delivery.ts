import type { Consumer } from "../model/consumer.ts";
import type { DeliveryName, Move, StoreTarget } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";

/** What a delivery needs to know about a run configuration of any format. */
export type DeliverySubject = {
  /** Unique on this host per subject and run; safe as a folder name. */
  readonly id: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /**
   * Its identity for the OCI runtime (`container:NAME`, `compose:PROJECT/SERVICE`, …); null if it has no stable name.
   */
  readonly consumer: string | null;
  /** Variables that already hold a reference, by name: from the subject and its image. */
  readonly references: ReadonlyMap<string, string>;
  /** Names of the variables set by the image: they reappear when the subject's own are unset. */
  readonly imageEnv: ReadonlySet<string>;
  /** Names of all its variables. */
  readonly env: readonly string[];
  readonly path: string;
  /** `uid[:gid]`, a user name, or empty for root, as configured. */
  readonly user: string;
  /** Its health check as the engine has it (`["CMD-SHELL", "…"]`); empty for none. */
  readonly health: readonly string[];
  /** The configured OCI runtime; null for the engine's default. */
  readonly runtime: string | null;
  /** What earlier migrations deliver to it as files, and where that is mounted: a delivery extends its own. Absent for nothing. */
  readonly supplied?: readonly { readonly consumer: Consumer; readonly target: string }[];
  /** The volume of our driver that an earlier migration gave it, with the references by variable. Absent for none. */
  readonly volume?: { readonly target: string; readonly references: ReadonlyMap<string, string> };
  /** Variables whose file an option of the program names, in the place of the value. Absent for none. */
  readonly byOption?: ReadonlySet<string>;
  /** The variables to move whose values begin or end with white space, which programs may drop as they read a file. Absent for none. */
  readonly padded?: ReadonlySet<string>;
  /** Paths where something is already mounted. */
  readonly mountTargets: readonly string[];
  /** The OCI runtimes registered with the engine. */
  readonly engineRuntimes: readonly string[];
  /** Why files on this host cannot reach the container (a remote engine, no root); null if they can. */
  readonly unreachableHost: UnreachableHost | null;
  /** What to type where no delivery fits. */
  readonly otherwise: string;
  /** A file in the image, following links; null if it is absent, not a regular file, or larger than 1 MiB. */
  readFile(path: string): Promise<Buffer | null>;
  /** Whether a regular file of any size exists, following links. */
  hasFile(path: string): Promise<boolean>;
};

/** Why what is on this host is out of an engine's reach, and what to type instead. */
export type UnreachableHost = { readonly why: string; readonly way: string };

/** Whether a delivery can be used, and why, in plain English. */
export type DeliveryFit = {
  readonly fits: boolean;
  readonly why: string;
  readonly warnings: readonly string[];
  /** What to do instead where the OCI runtime is no way out either. */
  readonly hint?: string;
};

export const noFit = (why: string): DeliveryFit => ({ fits: false, why, warnings: [] });

/** Numeric ids on the host of the user who may read a file. */
export type Owner = { readonly uid: number; readonly gid: number };

/** The change to a run configuration; nothing else may change. */
export type RunChange = {
  /** Variables to remove. */
  readonly unset: readonly string[];
  /** Variables to set, to a reference or a path, never to a value. */
  readonly set: readonly { readonly name: string; readonly value: string }[];
  /** Read-only mounts: of a folder of this host, or of a volume with this driver, which `source` names. */
  readonly mounts: readonly RunMount[];
  /** Prepended to the original entrypoint; null leaves it unchanged. */
  readonly entrypointPrefix: readonly string[] | null;
  /** Prepended to the health check's command; null leaves it unchanged. */
  readonly healthcheckPrefix: readonly string[] | null;
  readonly runtime: string | null;
  /** Mount targets of earlier migrations that one of `mounts` replaces. Absent for none. */
  readonly unmount?: readonly string[];
  /** Labels to set: references and owners, from which the files can be written again. Absent for none. */
  readonly labels?: readonly { readonly name: string; readonly value: string }[];
};

export type RunMount = { readonly source: string; readonly target: string; readonly volume?: DriverVolume };

/** A volume of a driver that the engine creates with these options, unless it is there. */
export type DriverVolume = { readonly driver: string; readonly options: { readonly [name: string]: string } };

/** A file in a folder that `change` mounts; `name` is relative to the mount's target. */
export type DeliveryFile = {
  readonly name: string;
  readonly content: Secret;
  readonly mode: number;
  /** False for scripts. */
  readonly holdsValue: boolean;
};

/** How a program names a file in the place of a value: by option, the one that takes a path, and the path of a variable's file. */
export type FileOptions = {
  readonly options: { readonly [option: string]: string };
  readonly path: (name: string) => string;
};

/** How an application receives its values after they are removed from its configuration. */
export interface Delivery {
  readonly name: DeliveryName;
  fits(subject: DeliverySubject, moves: readonly Move[]): Promise<DeliveryFit>;
  /** Pure: equal arguments give an equal change. `owner` is what `owner()` says, where volumes can be mounted. */
  change(subject: DeliverySubject, moves: readonly Move[], owner?: Owner | null): RunChange;
  /** Absent or null if no option of the subject's program takes a file in the place of a value. */
  options?(subject: DeliverySubject): FileOptions | null;
  /** Whether a container starts this program, which reads a file that a label names. */
  starts?(subject: DeliverySubject, program: "traefik"): Promise<boolean>;
  /** The files that a container writes again at each start, whatever is in them. */
  rewrites?(subject: DeliverySubject): Promise<readonly string[]>;
  /** The required owner of the files on this host; null if this delivery writes none. */
  owner(subject: DeliverySubject): Promise<Owner | null>;
  /**
   * The files of these values for this subject, with those of earlier migrations that `change` mounts along with them;
   * null if this delivery writes none.
   */
  consumer(
    subject: Pick<DeliverySubject, "id" | "consumer" | "supplied">,
    owner: Owner,
    moves: readonly Move[],
    store: StoreTarget,
  ): Consumer | null;
  /** The contents of the mounted folder, for platforms that mount their own files; empty if this delivery has none. */
  files(moves: readonly Move[], values: ReadonlyMap<string, Secret>): readonly DeliveryFile[];
  /**
   * Allows this consumer's containers, and no others, to resolve the references. Idempotent; `discard` revokes it. A
   * no-op for deliveries by file.
   */
  allow(subjectId: string, consumer: string | null, moves: readonly Move[]): Promise<void>;
  /**
   * Writes what a container start needs (files in tmpfs). Idempotent. Uses neither the engine nor the image, so that it
   * works at boot before the engine is up. A no-op for `runtime`.
   */
  prepare(subjectId: string, owner: Owner, moves: readonly Move[], values: ReadonlyMap<string, Secret>): Promise<void>;
  /**
   * Reverses `allow` and `prepare` for this subject id. Idempotent. Returns what it could not reach and how to remove that; null
   * for nothing.
   */
  discard(subjectId: string): Promise<string | null>;
  /**
   * How much of the environment it restores: `whole`, before the entrypoint begins, or what the entrypoint sets. Decides
   * what counts as evidence that the application has a value.
   */
  readonly environment: "whole" | "by entrypoint";
  /** Whether the program itself takes this value from a file, so that no environment has it. Absent for never. */
  readsItself?(subject: DeliverySubject, name: string): boolean;
  /**
   * Evidence that the application received a value that none of its processes has in its environment; null if there is none
   * yet. Never what this delivery itself wrote, read back.
   */
  received(app: StartedApp, sought: SoughtValue, subject: DeliverySubject): Promise<Reception | null>;
}

/** A value whose arrival in a container is looked for. */
export type SoughtValue = { readonly name: string; readonly value: Secret; readonly reference: string };

/** A container that was started with a delivery. */
export type StartedApp = {
  /** The engine's full id. */
  readonly id: string;
  /** Its first process on this host. */
  readonly pid: number;
  /** Whether one of the application's processes has read the file at this path since the start; null if nobody looked. */
  readonly wasRead: (path: string) => boolean | null;
  /** Whether the start script has handed this value over, and become the entrypoint. */
  readonly becameEntrypoint: (sought: SoughtValue) => Promise<boolean>;
};

/**
 * How an application was seen to have a value: its processes have it in their environment; its entrypoint was started with
 * it, and kept it to itself as before; or a process of the container has read its file.
 */
export type Reception = "environment" | "entrypoint" | "read";

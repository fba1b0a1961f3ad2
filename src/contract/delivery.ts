import type { DeliveryName, Move } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";

/** What a delivery must know of a run configuration, whatever its format. */
export type DeliverySubject = {
  /** Unique on this host for one subject in one run; safe as a folder name. */
  readonly id: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** Who it is for the OCI runtime (`container:NAME`, `compose:PROJECT/SERVICE`, …); null when it has no name of its own. */
  readonly consumer: string | null;
  /** The variables that hold a reference already, with it: its own and its image's. */
  readonly references: ReadonlyMap<string, string>;
  /** The names of the variables that the image itself sets: they come back when the subject's own are taken away. */
  readonly imageEnv: ReadonlySet<string>;
  /** The names of all variables that it has. */
  readonly env: readonly string[];
  readonly path: string;
  /** `uid[:gid]`, a name, or empty for root, as the configuration says it. */
  readonly user: string;
  readonly hasHealthcheck: boolean;
  /** The OCI runtime that the configuration names; null for the engine's default. */
  readonly runtime: string | null;
  /** Where something is mounted already. */
  readonly mountTargets: readonly string[];
  /** The OCI runtimes that the engine knows. */
  readonly engineRuntimes: readonly string[];
  /** Why files of this host do not reach the subject's container (a remote engine, no root); null when they do. */
  readonly unreachableHost: string | null;
  /** A file of the subject's image; null when absent, not a regular file, or larger than 1 MiB. Follows links. */
  readFile(path: string): Promise<Buffer | null>;
  /** Whether a regular file is there, of any size. Follows links. */
  hasFile(path: string): Promise<boolean>;
};

/** Whether a delivery can be used, and why, in plain words. */
export type DeliveryFit = { readonly fits: boolean; readonly why: string; readonly warnings: readonly string[] };

/** Who may read a file: numeric ids on the host. */
export type Owner = { readonly uid: number; readonly gid: number };

/** What changes in a run configuration; nothing else may. */
export type RunChange = {
  /** Variables taken away. */
  readonly unset: readonly string[];
  /** Variables set: to a reference or a path, never to a value. */
  readonly set: readonly { readonly name: string; readonly value: string }[];
  /** Read-only folder mounts. */
  readonly mounts: readonly { readonly source: string; readonly target: string }[];
  /** Put before the original entrypoint; null leaves it. */
  readonly entrypointPrefix: readonly string[] | null;
  /** Put before the health check's command; null leaves it. */
  readonly healthcheckPrefix: readonly string[] | null;
  readonly runtime: string | null;
};

/** A file that `change` says is mounted: its name is below the mount's target. */
export type DeliveryFile = {
  readonly name: string;
  readonly content: Secret;
  readonly mode: number;
  /** False for a script, which holds no value. */
  readonly holdsValue: boolean;
};

/** How an application gets its values once they are gone from its configuration. */
export interface Delivery {
  readonly name: DeliveryName;
  fits(subject: DeliverySubject, moves: readonly Move[]): Promise<DeliveryFit>;
  /** Pure: the same subject and moves give the same change. */
  change(subject: DeliverySubject, moves: readonly Move[]): RunChange;
  /** Whose the files on this host must be; null when this delivery has none. */
  owner(subject: DeliverySubject): Promise<Owner | null>;
  /** What belongs into the mounted folder, for platforms that mount files of their own; empty when this delivery has none. */
  files(moves: readonly Move[], values: ReadonlyMap<string, Secret>): readonly DeliveryFile[];
  /**
   * Lets this consumer's containers, and nobody else's, have what the references name; idempotent. `discard` takes it
   * back. Nothing to do for deliveries by files.
   */
  allow(subjectId: string, consumer: string | null, moves: readonly Move[]): Promise<void>;
  /**
   * Puts in place what a start needs (files in tmpfs); idempotent. Needs neither the engine nor the image, so that it
   * works at boot, before the engine is up. Nothing to do for `runtime`.
   */
  prepare(subjectId: string, owner: Owner, moves: readonly Move[], values: ReadonlyMap<string, Secret>): Promise<void>;
  /** Takes away what `allow` and `prepare` made for this subject id; idempotent. */
  discard(subjectId: string): Promise<void>;
  /**
   * Whether the application in the running process `pid` (on this host) has these bytes; false while it has not yet.
   * `containerId` is the engine's full id.
   */
  received(pid: number, containerId: string, name: string, value: Secret, subject: DeliverySubject): Promise<boolean>;
}

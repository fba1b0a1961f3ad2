import type { Carried } from "./beside.ts";
import type { Finding } from "./finding.ts";
import type { Fingerprint } from "./fingerprint.ts";
import type { Handover } from "./handover.ts";
import type { Json } from "./json.ts";
import type { Location } from "./location.ts";
import type { RotatingLogin } from "./rotating-login.ts";
import type { Secret } from "./secret.ts";
import type { SecretService } from "./secret-service.ts";

/** Where a secret is in a store: the provider's own address, printable. */
export type StoreKey = {
  /** `apps/api` in Vault, the absolute file name for `local`, the full name in a store with one value per name. */
  readonly path: string;
  /**
   * The field at that path, nested keys joined by `/` as in the reference's fragment. Empty if the store has no fields.
   */
  readonly field: string;
};

/** The key as people read it: `apps/api DB_PASSWORD`. */
export function storeKeyText({ path, field }: StoreKey): string {
  return field === "" ? path : `${path} ${field}`;
}

/** A store as plans and runtime configurations record it: provider and settings, no credential. */
export type StoreTarget = {
  readonly name: string;
  readonly provider: string;
  readonly settings: { readonly [key: string]: Json };
};

/** A key on this machine that alone opens values in a store: without it they are lost. */
export type KeyFile = {
  /** The file that holds it or will hold it, or the environment variable. */
  readonly file: string;
  /** Its public half; null if there is no key yet: the first write creates one. */
  readonly id: string | null;
  /** Whether this machine has the key. */
  readonly isThere: boolean;
};

export type DeliveryName = "file" | "runtime" | "shim" | "volume";

/** One line of a diff, with values masked. */
export type DiffLine = { readonly sign: "+" | "-" | "~" | " "; readonly path: string; readonly text: string };

/** One secret to migrate: from which location to which store key. */
export type Move = {
  readonly name: string;
  readonly location: Location;
  readonly fingerprint: Fingerprint;
  readonly length: number;
  readonly key: StoreKey;
  readonly reference: string;
  /**
   * The finding's id, the fingerprint of its secret part, and the rule that says how to rotate it, with the service that
   * checks it if that is known. Absent in plans written by older versions.
   */
  readonly finding?: {
    readonly id: string;
    readonly fingerprint: Fingerprint;
    readonly rule?: string;
    readonly service?: SecretService;
  };
  /**
   * Each secret of a value that holds several, with the path to it in the value; absent if the value holds one. The
   * fingerprint is absent in plans of older versions, and once the run is scrubbed.
   */
  readonly secrets?: readonly { readonly rule: string; readonly path: string; readonly fingerprint?: Fingerprint }[];
};

/** How a rewrite changes one file. Digests are keyed and cover all bytes. */
export type FileChange = {
  /** Absolute path. */
  readonly file: string;
  /** Null if the file is created. */
  readonly before: Fingerprint | null;
  readonly after: Fingerprint;
  readonly diff: readonly DiffLine[];
  /** The mode of a new file that others may read; 0600 if absent. */
  readonly mode?: 0o644;
};

export type StepKind = "put" | "verify" | "deliver" | "rewrite" | "clean" | "recreate" | "check" | "rotate";

/** A stored value in which a secret is replaced. */
export type RotatedEntry = {
  readonly name: string;
  readonly key: StoreKey;
  readonly reference: string;
  /** Of the whole value, before. */
  readonly fingerprint: Fingerprint;
  /** As of a put. */
  readonly recipients?: readonly string[];
  /** `pair`: the public half, which changes too; `previous`: the list that takes in the old secret. Absent for the secret. */
  readonly role?: "pair" | "previous";
};

/** A container that gets the new value, and the references that it has of it. */
export type RotatedConsumer = {
  readonly container: string;
  readonly references: readonly string[];
  readonly isRunning: boolean;
  /** The engine that it is on. Absent for the plan's own. */
  readonly engine?: Plan["engine"];
};

/** The container as people name it, with its engine if that is not the plan's. */
export function consumerText({ container, engine }: RotatedConsumer): string {
  return engine === undefined ? container : `${container} on ${engine.address}`;
}

type StepShape<Kind extends StepKind, Data> = {
  readonly id: string;
  readonly kind: Kind;
  /** The unit's name, shared by all its steps. */
  readonly unit: string;
} & Data;

export type Step =
  | StepShape<
      "put",
      {
        readonly move: Move;
        /** What the store held at planning time. `other` is replaced only if `overwrite` is true. */
        readonly found: "absent" | "same" | "other";
        readonly overwrite: boolean;
        /** Of an entry of another store: what goes along with its value. Absent for nothing. */
        readonly carries?: Carried;
        /** Who can read the value in the store then, besides this login; absent where the store does not say. */
        readonly recipients?: readonly string[];
      }
    >
  | StepShape<"verify", { readonly move: Move }>
  | StepShape<"deliver", { readonly delivery: DeliveryName; readonly why: string; readonly moves: readonly Move[] }>
  | StepShape<
      "rewrite",
      {
        readonly moves: readonly Move[];
        readonly files: readonly FileChange[];
        /** Data by which the migration finds the files' subject again; holds no value. */
        readonly target: { readonly [key: string]: Json };
      }
    >
  | StepShape<
      "clean",
      {
        readonly moves: readonly Move[];
        /** The image before cleaning, and the tags to move to the cleaned image. */
        readonly image: { readonly id: string; readonly tags: readonly string[] };
        /** What its variables hold afterwards. */
        readonly stays: "reference" | "nothing";
        readonly diff: readonly DiffLine[];
      }
    >
  | StepShape<
      "recreate",
      {
        readonly delivery: DeliveryName;
        readonly moves: readonly Move[];
        readonly subject: { readonly id: string; readonly name: string; readonly image: string };
        /** Keyed digest of the subject's whole configuration: `apply` refuses if it has changed. */
        readonly digest: Fingerprint;
        readonly diff: readonly DiffLine[];
        /** How long it is away at most, and which published ports close; absent where the format cannot tell. */
        readonly outage?: {
          readonly isRunning: boolean;
          readonly stopMs: number;
          readonly startMs: number;
          /** Whether a health check decides that it is up again. */
          readonly isChecked: boolean;
          readonly ports: readonly string[];
          /** How a swarm replaces the tasks of a service, a few at once; absent for a single container. */
          readonly update?: {
            readonly order: "stop-first" | "start-first";
            readonly tasks: number;
            readonly atOnce: number;
            /** The pause after each of these, and for how long the swarm watches a new task. */
            readonly delayMs: number;
            readonly monitorMs: number;
          };
        };
        /** Containers that depend on this one and are recreated after it, in this order; absent if there are none. */
        readonly sharers?: readonly {
          readonly id: string;
          readonly name: string;
          readonly digest: Fingerprint;
          /** Absent in plans of older versions. */
          readonly isRunning?: boolean;
        }[];
        /** A POSIX shell command that creates the changed container by hand; contains no secret. */
        readonly run?: string;
        /** What `run` does not cover, in plain English. */
        readonly runLacks?: readonly string[];
      }
    >
  | StepShape<
      "check",
      {
        readonly delivery: DeliveryName;
        readonly moves: readonly Move[];
        /** How long a container without a health check must stay up, in milliseconds. */
        readonly graceMs: number;
        /** How long a health check may take to report healthy, in milliseconds. */
        readonly healthTimeoutMs: number;
        /** Paths that hold an equal value by coincidence (a weak value) and stay unchanged. */
        readonly tolerated: readonly { readonly name: string; readonly path: string }[];
        /** Accepted: an application that is not seen to read a file. Absent for no. */
        readonly unread?: true;
      }
    >
  | StepShape<
      "rotate",
      {
        /** The variable that people know the secret by. */
        readonly name: string;
        readonly rotator: string;
        /** A rotator's target: where it is checked. Without a secret. */
        readonly target: { readonly [key: string]: Json };
        /** Where it is checked, for people: `PostgreSQL, role app at db:5432`. */
        readonly checkedBy: string;
        readonly login: RotatingLogin;
        /** The container of this host that its server is in, so that the way there stays on it; null for none. */
        readonly server: string | null;
        /** Whether who names the server uses this host's own network. */
        readonly usesHostNetwork: boolean;
        /** Whether old and new are accepted together for a while. */
        readonly overlap: "both" | "none" | "application";
        /** The new value is one that a person gives, and that is valid already. Absent for no. */
        readonly isGiven?: true;
        /** The store's engine changes it from now on. Absent for a new value. */
        readonly handover?: Handover;
        readonly entries: readonly RotatedEntry[];
        readonly consumers: readonly RotatedConsumer[];
        readonly graceMs: number;
        readonly healthTimeoutMs: number;
      }
    >;

/**
 * Identifies a value within a unit: by its entry in the store, which has one value. A name is not enough: two services may
 * have an option of one name in the commands of one file.
 */
export function valueKey({ key }: Pick<Move, "key">): string {
  return JSON.stringify([key.path, key.field]);
}

/** The values of one subject's moves, by variable name. */
export function valuesByName(moves: readonly Move[], values: ReadonlyMap<string, Secret>): Map<string, Secret> {
  const own = new Map<string, Secret>();
  for (const move of moves) {
    const value = values.get(valueKey(move));
    if (value) own.set(move.name, value);
  }
  return own;
}

/** A finding that the plan leaves in place, with the reason and the next command to type. */
export type NotMoved = { readonly finding: Finding } & Refusal;

/** Why a finding stays. */
export type Refusal = {
  readonly reason: string;
  readonly hint: string | null;
  /** No unit gets it: `hint` says which other source moves it, or that it is in nobody's use. */
  readonly elsewhere?: true;
};

/** The steps of a migration before they run. Holds no value: `apply` reads each one again from its location. */
export type Plan = {
  readonly version: 1;
  readonly id: string;
  readonly createdAt: string;
  /** Id of the fingerprint key: distinguishes a plan from another installation from a changed value. */
  readonly keyId: string;
  /** The migration of every unit not listed in `migrations`. */
  readonly migration: string;
  /** By unit; absent if all units have the same migration. */
  readonly migrations?: { readonly [unit: string]: string };
  readonly engine: { readonly id: string; readonly address: string };
  readonly store: StoreTarget;
  /** The stores that values are moved from. Absent for none, and in plans of older versions. */
  readonly from?: readonly StoreTarget[];
  readonly steps: readonly Step[];
  readonly notMoved: readonly NotMoved[];
  readonly warnings: readonly { readonly unit: string; readonly text: string }[];
  /** The keys that alone open what the plan stores. Absent if there are none. */
  readonly keyFiles?: readonly KeyFile[];
  /** MAC over all other members, by the installation that made the plan. Absent only until it is signed. */
  readonly mac?: string;
};

export type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;
export type PutStep = StepOf<"put">;
export type DeliverStep = StepOf<"deliver">;
export type RecreateStep = StepOf<"recreate">;
export type CleanStep = StepOf<"clean">;
export type RotateStep = StepOf<"rotate">;
export type StoreTargetSettings = StoreTarget["settings"];

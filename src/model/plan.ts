import type { Finding } from "./finding.ts";
import type { Fingerprint } from "./fingerprint.ts";
import type { Json } from "./json.ts";
import type { Location } from "./location.ts";
import type { Secret } from "./secret.ts";

/** Where one secret lives in a store: the provider's own address of it, printable. */
export type StoreKey = {
  /** `apps/api` in Vault, the absolute file name for `local`, the whole name where a store keeps one value a name. */
  readonly path: string;
  /** The field at that path; nested keys are joined by `/` as in the reference's fragment. Empty where there are none. */
  readonly field: string;
};

/** For people. */
export function keyText({ path, field }: StoreKey): string {
  return field === "" ? path : `${path} ${field}`;
}

/** A store as a plan and a runtime configuration name it: provider and settings, no credential. */
export type StoreTarget = {
  readonly name: string;
  readonly provider: string;
  readonly settings: { readonly [key: string]: Json };
};

export type DeliveryName = "file" | "runtime" | "shim";

/** One masked line of a diff. `-` and `+` carry masked text only. */
export type DiffLine = { readonly sign: "+" | "-" | "~" | " "; readonly path: string; readonly text: string };

/** One secret that moves: which, from where, to where. */
export type Move = {
  readonly name: string;
  readonly location: Location;
  readonly fingerprint: Fingerprint;
  readonly length: number;
  readonly key: StoreKey;
  readonly reference: string;
  /**
   * The finding that this was, by its id, the fingerprint of its secret part, and the rule by which it is rotated. Absent
   * in plans of earlier versions.
   */
  readonly finding?: { readonly id: string; readonly fingerprint: Fingerprint; readonly rule?: string };
};

/** What a rewrite does to one file. Digests are keyed, of all its bytes. */
export type FileChange = {
  /** Absolute. */
  readonly file: string;
  /** Null for a file that is made. */
  readonly before: Fingerprint | null;
  readonly after: Fingerprint;
  readonly diff: readonly DiffLine[];
};

export type StepKind = "put" | "verify" | "deliver" | "rewrite" | "clean" | "recreate" | "check";

type StepShape<Kind extends StepKind, Data> = {
  readonly id: string;
  readonly kind: Kind;
  /** The subject's name: all steps of one container share it. */
  readonly unit: string;
} & Data;

export type Step =
  | StepShape<
      "put",
      {
        readonly move: Move;
        /** What the store had there when the plan was made. `other` is replaced only with `overwrite`. */
        readonly found: "absent" | "same" | "other";
        readonly overwrite: boolean;
      }
    >
  | StepShape<"verify", { readonly move: Move }>
  | StepShape<"deliver", { readonly delivery: DeliveryName; readonly why: string; readonly moves: readonly Move[] }>
  | StepShape<
      "rewrite",
      {
        readonly moves: readonly Move[];
        readonly files: readonly FileChange[];
        /** How the migration finds what the files belong to again; no value in it. */
        readonly target: { readonly [key: string]: Json };
      }
    >
  | StepShape<
      "clean",
      {
        readonly moves: readonly Move[];
        /** The image as it is now, and the tags that are moved to the cleaned one. */
        readonly image: { readonly id: string; readonly tags: readonly string[] };
        /** What its variables hold from then on. */
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
        /** Keyed digest of the subject's whole configuration: `apply` refuses when it has changed. */
        readonly digest: Fingerprint;
        readonly diff: readonly DiffLine[];
        /** Containers that rely on this one and are created again after it, in this order; absent when there are none. */
        readonly sharers?: readonly { readonly id: string; readonly name: string; readonly digest: Fingerprint }[];
        /** What creates the changed container by hand, for a POSIX shell, without any secret. */
        readonly run?: string;
        /** What `run` leaves out, in plain words. */
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
        /** How long a health check may take to turn healthy, in milliseconds. */
        readonly healthTimeoutMs: number;
        /** Paths that hold an equal value by coincidence (a weak value), which stay as they are. */
        readonly tolerated: readonly { readonly name: string; readonly path: string }[];
      }
    >;

/** One value among those of a unit: subjects of one unit may have variables of one name. */
export function valueKey({ location, name }: Move): string {
  return `${location.subjectName}/${name}`;
}

/** The values of one subject's moves by the variables' names. */
export function byName(moves: readonly Move[], values: ReadonlyMap<string, Secret>): Map<string, Secret> {
  const own = new Map<string, Secret>();
  for (const move of moves) {
    const value = values.get(valueKey(move));
    if (value) own.set(move.name, value);
  }
  return own;
}

/** A finding that this plan leaves where it is, with the reason and the next command to type. */
export type NotMoved = { readonly finding: Finding; readonly reason: string; readonly hint: string | null };

/** What would be done. Holds no value: `apply` reads each one again from its location. */
export type Plan = {
  readonly version: 1;
  readonly id: string;
  readonly createdAt: string;
  /** The id of the fingerprint key; another installation's plan is told apart from a changed value. */
  readonly keyId: string;
  /** The migration of every unit that `migrations` does not name. */
  readonly migration: string;
  /** By unit; absent in plans that need only one. */
  readonly migrations?: { readonly [unit: string]: string };
  readonly engine: { readonly id: string; readonly address: string };
  readonly store: StoreTarget;
  readonly steps: readonly Step[];
  readonly notMoved: readonly NotMoved[];
  readonly warnings: readonly { readonly unit: string; readonly text: string }[];
  /** The code of the installation that made it, over all the rest. Absent only until it is signed. */
  readonly mac?: string;
};

/** The steps of one kind. */
export type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;
export type PutStep = StepOf<"put">;
export type DeliverStep = StepOf<"deliver">;
export type RecreateStep = StepOf<"recreate">;
export type CleanStep = StepOf<"clean">;
export type StoreTargetSettings = StoreTarget["settings"];

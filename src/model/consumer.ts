import { UnsprawlError } from "./error.ts";
import type { StoreTarget } from "./plan.ts";

/** One stored value that a consumer gets as a file. */
export type SuppliedValue = {
  /** The variable that it was, and the file's name. */
  readonly name: string;
  readonly reference: string;
  /** The name of the store that it was moved into; null where the run configuration does not say. */
  readonly store: string | null;
};

/** What the agent does with a consumer once a value has changed in the store. */
export type OnChange =
  | { readonly kind: "restart" }
  | { readonly kind: "signal"; readonly signal: string }
  | { readonly kind: "none" };

/**
 * Who gets stored values as files on this host: what a run configuration says of itself, so that its files can be written
 * again on any host that may read the store.
 */
export type Consumer = {
  /** `container:web`, `compose:shop/db`. */
  readonly id: string;
  /** `shim`: the folder also has the script that exports the values, unless the run configuration brings its own. */
  readonly delivery: "file" | "shim";
  /** Absolute, below the folder for values on tmpfs. */
  readonly folder: string;
  readonly owner: { readonly uid: number; readonly gid: number };
  readonly values: readonly SuppliedValue[];
  /** Whether the folder gets the shim's script beside the values. */
  readonly script: boolean;
  /** Null where the run configuration does not say: the agent's own setting counts. */
  readonly onChange: OnChange | null;
  /** The settings of those stores, as far as this host knows them from a migration. */
  readonly stores: readonly StoreTarget[];
  /** The file that describes it, absolute; absent for a container, which describes itself. */
  readonly origin?: string;
  /** The further files of its project, such as an override. */
  readonly also?: readonly string[];
};

/** What the deliveries call the folder that a container mounts. */
export const CONSUMER_FOLDERS = { file: "secrets", shim: "shim" } as const;

/** Reads `restart`, `signal:NAME` or `none`. Throws `usage` for anything else. */
export function parseOnChange(text: string): OnChange {
  if (text === "restart" || text === "none") return { kind: text };
  const signal = /^signal:(?:SIG)?([A-Z][A-Z0-9+-]{1,11})$/.exec(text)?.[1];
  if (signal !== undefined) return { kind: "signal", signal: `SIG${signal}` };
  throw new UnsprawlError(
    "usage",
    "what happens on a change is restart, signal:NAME or none",
    "--on-change signal:HUP, for example",
  );
}

/** A consumer by the parts of its id; null for one that is neither a container nor a service of Compose. */
export type ConsumerRef =
  | { readonly kind: "container"; readonly name: string }
  | { readonly kind: "compose"; readonly project: string; readonly service: string };

export function consumerRef({ id }: Pick<Consumer, "id">): ConsumerRef | null {
  const [, name] = /^container:([^/]+)$/.exec(id) ?? [];
  if (name !== undefined) return { kind: "container", name };
  const [, project, service] = /^compose:([^/]+)\/([^/]+)$/.exec(id) ?? [];
  return project === undefined || service === undefined ? null : { kind: "compose", project, service };
}

/** The name of the container that a consumer is; null for any other consumer. */
export function containerOf(consumer: Pick<Consumer, "id">): string | null {
  const ref = consumerRef(consumer);
  return ref?.kind === "container" ? ref.name : null;
}

/** The project of a service of Compose; null for any other consumer. */
export function projectOf(consumer: Pick<Consumer, "id">): string | null {
  const ref = consumerRef(consumer);
  return ref?.kind === "compose" ? `compose:${ref.project}` : null;
}

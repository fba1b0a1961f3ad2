import type { Json } from "./json.ts";

/** A login that a store's own engine changes, under a role's name. */
export type LoginRole = {
  readonly name: string;
  /** How the engine calls the server. */
  readonly connection: string;
  /** Where that is, as the engine has it; empty if it does not say. */
  readonly address: string;
  readonly user: string;
  readonly key: { readonly path: string; readonly field: string };
  readonly reference: string;
  /** How often the engine changes it, in seconds. */
  readonly everySeconds: number;
};

/** A login that is handed over to the engine of its store, and where its reference takes the place of the entries'. */
export type Handover = {
  /** The store as it reads the login. */
  readonly store: {
    readonly name: string;
    readonly provider: string;
    readonly settings: { readonly [key: string]: Json };
  };
  readonly role: LoginRole;
  /** What who hands it over, and who reads it, must be allowed, as the store's policies say it. */
  readonly policy: string;
  /** The values of this host's files, by their folder. */
  readonly values: readonly {
    readonly folder: string;
    readonly name: string;
    readonly reference: string;
    readonly store: string | null;
  }[];
  /** Files that name entries, with each place's reference, in their order. */
  readonly files: readonly { readonly file: string; readonly references: readonly string[] }[];
  /** Containers that name entries in their labels, and are created again. */
  readonly containers: readonly {
    readonly id: string;
    readonly name: string;
    readonly labels: readonly { readonly name: string; readonly value: string }[];
  }[];
};

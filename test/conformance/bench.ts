import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { UnsprawlError, type ErrorCode } from "../../src/model/error.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import type { Faulty } from "./faults.ts";
import { openSpec, type StoreSpec } from "./spec.ts";

/** One real store with its credentials. */
export type StoreWorld = {
  /** May do what a migration needs, and no more. */
  readonly writer: StoreSpec;
  /** May issue a reader's credential too. */
  readonly operator: StoreSpec;
  /** With a wrong credential. */
  readonly stranger: StoreSpec;
  /** With a good credential and no right at the path; null where there is no such thing. */
  readonly forbidden: StoreSpec | null;
  /** Takes the ground away from a store: an address where nothing answers, a disk that is not mounted any more. */
  unreachable(): StoreSpec | Promise<StoreSpec>;
  /** What no error may contain. */
  readonly credentials: readonly string[];
  /** The writer's store behind a network that goes wrong at will, for requests about this key; absent where there is no network. */
  readonly faulty?: (key: StoreKey) => Promise<Faulty>;
  stop(): Promise<void>;
};

export type StoreTraits = {
  /** There is a server at an address, which knows rights: the world has `forbidden`. */
  readonly server: boolean;
  /** Writers in other processes cannot lose each other's values. */
  readonly acrossProcesses: boolean;
  /** What `check` says of check-and-set. */
  readonly checkAndSet: boolean;
  /** The policy text or command that a denial names. */
  readonly deniedHint?: RegExp;
  /** What a reference looks like. */
  readonly reference: RegExp;
  /** A reference without a field names the whole of what is stored at a path. */
  readonly wholes?: boolean;
  /** False where nothing tells that a value has changed but the value. */
  readonly versions?: false;
  /** Whether it says when a value was written. Default: true. */
  readonly dated?: false;
  /** The most bytes in one value; a larger one is refused. Without it 64 KiB and more fit. */
  readonly most?: number;
  /** False where an empty value is refused. */
  readonly empty?: boolean;
  /** One file holds everything, and its writers wait for each other: cases behind a broken network run in turn. */
  readonly oneFile?: boolean;
  /** Another credential opens nothing, and yet may write something new. */
  readonly strangersCreate?: boolean;
};

export const ORIGIN = { runId: "20261125-000000-test", subject: "api" };

/** One world and what every case needs; filled before the first case runs. Each case uses a subject of its own. */
export class Bench {
  world!: StoreWorld;
  store!: Provider;
  readonly traits: StoreTraits;
  // A case that a store cannot have is left out, not skipped.
  readonly onServer: typeof test | (() => void);
  readonly suiteOnServer: typeof describe | (() => void);
  readonly acrossProcesses: typeof test | (() => void);

  constructor(traits: StoreTraits) {
    this.traits = traits;
    this.onServer = traits.server ? test : leftOut;
    this.suiteOnServer = traits.server ? describe : leftOut;
    this.acrossProcesses = traits.acrossProcesses ? test : leftOut;
  }

  async start(makeWorld: () => Promise<StoreWorld>): Promise<void> {
    this.world = await makeWorld();
    this.store = await openSpec(this.world.writer);
  }

  readonly subject = (): string => `api-${randomBytes(5).toString("hex")}`;
  readonly keyOf = (of: string, variable = "DB_PASSWORD"): StoreKey =>
    this.store.key({ subject: of, project: "shop", name: variable });
  /** Another name beside this one. */
  readonly sibling = (key: StoreKey): StoreKey =>
    key.field === "" ? { ...key, path: `${key.path}-OTHER` } : { ...key, field: `${key.field}_OTHER` };
  readonly fresh = (): Secret => Secret.of(randomBytes(18).toString("base64"));
  readonly put = (key: StoreKey, value: Secret, replace: string | null = null): Promise<{ version: string }> =>
    this.store.put(key, value, replace, ORIGIN);
  /** The error of a call, proven to quote neither a value nor a credential. */
  readonly failure = async (act: Promise<unknown>, code: ErrorCode, ...values: Secret[]): Promise<UnsprawlError> => {
    const error = await act.then(
      () => new Error("it did not fail"),
      (one: unknown) => one,
    );
    const said = `${inspect(error, { depth: 9 })} ${JSON.stringify(error)} ${error instanceof UnsprawlError ? `${error.hint} ${String(error.cause)}` : ""}`;
    for (const secret of [...values.map((one) => one.expose().toString("utf8")), ...this.world.credentials]) {
      if (secret.length > 3) expect(said.includes(secret), "an error quotes a secret").toBe(false);
    }
    expect(error).toBeInstanceOf(UnsprawlError);
    expect((error as UnsprawlError).code, said).toBe(code);
    return error as UnsprawlError;
  };
}

export function codeOf(error: unknown): string {
  return error instanceof UnsprawlError ? error.code : String(error);
}

function leftOut(): void {}

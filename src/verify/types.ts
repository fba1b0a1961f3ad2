import type { Liveness } from "../model/finding.ts";
import type { Secret } from "../model/secret.ts";

export type { Liveness } from "../model/finding.ts";

/** A found secret that may be asked about. */
export type Verifiable = {
  /** The detection rule's id. */
  readonly rule: string;
  /** The variable's name. */
  readonly name: string;
  /** The secret itself. */
  readonly part: Secret;
  /** The whole variable that holds it. */
  readonly value: Secret;
  /** Another variable of the same subject, whose name matches. */
  readonly beside: (names: RegExp) => Secret | null;
  /**
   * True when the subject's network is this machine's own (an env file, a container on the host's network). Without it
   * `localhost` and one-word host names mean another place than they would here, and are never contacted.
   */
  readonly local?: boolean;
};

export type VerifyOptions = {
  /** How long one request or login may take. */
  readonly timeoutMs: number;
  /** How many may be under way at once, over all hosts. */
  readonly concurrency: number;
  /** Base URLs instead of the vendors' own, by vendor: a GitHub Enterprise, a self-hosted GitLab. */
  readonly endpoints: { readonly [vendor: string]: string };
  /** Where HTTP(S)_PROXY and NO_PROXY are read from. */
  readonly env: NodeJS.ProcessEnv;
};

/** Something to ask, ready to be sent. Questions of one key have one answer. */
export type VerifyRequest = {
  readonly key: string;
  /** Whom it is sent to, so that nobody is asked too much at once. */
  readonly host: string;
  readonly ask: (options: VerifyOptions, signal: AbortSignal) => Promise<Liveness>;
};

export const live = (why: string): Liveness => ({ state: "live", why });
export const dead = (why: string): Liveness => ({ state: "dead", why });
export const unknown = (why: string): Liveness => ({ state: "unknown", why });

import type { AddressPolicy } from "../kit/net/outgoing.ts";
import type { Secret } from "../model/secret.ts";

/*
 * Rotators make a new value for a credential and set it where the credential is checked. Every rotator passes
 * test/conformance/rotator.ts. What it declares about itself is in its folder's about.ts: data that imports only these
 * types, from which help and docs are generated.
 */

/**
 * Whether the old and the new value are accepted at the same time. `both`: from `admit` to `retire`; no login fails.
 * `none`: the old one is refused once the new one is admitted. `application`: no server checks the value, and the
 * application may know a list of earlier ones.
 */
export type RotationOverlap = "both" | "none" | "application";

/** A variable with which a server's image sets a password: it must change together with it. */
export type FirstInit = {
  /** `POSTGRES_PASSWORD`; `POSTGRES_PASSWORD_FILE` means the same. */
  readonly variable: string;
  /** Who gets the password: the value of `variable`, else `otherwise`; empty if neither says it. */
  readonly login: { readonly variable: string | null; readonly otherwise: string };
  /** Whether that login may change any other one. */
  readonly administers: boolean;
};

/** Container images of a server. */
export type ServerImage = {
  /** Repositories without registry: `postgres`, `bitnami/postgresql`. */
  readonly repositories: readonly string[];
  readonly port: number;
  readonly firstInit: readonly FirstInit[];
  /** `once`: only for an empty data folder. `always`: at each start, so that a stale value brings the old one back. */
  readonly read: "once" | "always";
};

export type RotatorAbout = {
  /** The name in plans, and of its folder. */
  readonly id: string;
  readonly title: string;
  /** URL schemes of its servers. */
  readonly schemes: readonly string[];
  /** Names of variables that hold its secrets; `*` stands for any characters. */
  readonly names: readonly string[];
  readonly images: readonly ServerImage[];
  readonly overlap: RotationOverlap;
  /** The right that a login needs in order to rotate, in plain English without a full stop. */
  readonly needs: string;
  /** The vendor's page on changing the credential. */
  readonly page: string;
};

/** How far a connection insists on TLS, in libpq's words. */
export type Tls = "disable" | "prefer" | "require" | "verify-ca" | "verify-full";

/**
 * Where a credential is checked, and whose it is. JSON without a secret, so that it may stand in a plan. The caller may
 * replace `host` and `port` by an address at which it reaches the same server.
 */
export type RotationTarget = {
  readonly rotator: string;
  /** Null if only the application checks the value. */
  readonly at: { readonly host: string; readonly port: number; readonly tls: Tls } | null;
  /** The role, user or DN whose secret changes; for a pair, the public half of the old one. */
  readonly login: string;
  /** The database to log in to; empty if none is named. */
  readonly database: string;
  /** The variable next to it with the public half of the pair, which changes too; null for a lone secret. */
  readonly pair: string | null;
  /** The variable in which the application looks for earlier values; null if it knows none. */
  readonly previous: { readonly variable: string; readonly separator: string } | null;
  /** What else this rotator needs to know. */
  readonly details: { readonly [key: string]: string };
};

/** A found secret, with the variables of the same subject. */
export type RotationEvidence = {
  /** The variable's name. */
  readonly name: string;
  /** The secret itself, decoded. */
  readonly part: Secret;
  /** The whole variable that contains it. */
  readonly value: Secret;
  /** All variables of the subject. */
  readonly variables: readonly { readonly name: string; readonly value: Secret }[];
};

/** A value, and for a pair its public half: the id of an access key, a public key. Null for a lone secret. */
export type RotationCredential = { readonly id: string | null; readonly secret: Secret };

/** Who changes the credential: an administrator, or its owner. For a pair, `user` is the public half. */
export type RotationLogin = { readonly user: string; readonly secret: Secret };

export type RotationWire = {
  /** Which addresses the target may have, by who named it. */
  readonly reach: AddressPolicy;
  /** Whether the connection stays on this machine (a bridge of an engine here), so that TLS is not insisted on. */
  readonly local: boolean;
  /** The time limit of each request. */
  readonly timeoutMs: number;
  /** The environment with HTTP(S)_PROXY and NO_PROXY. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
};

/**
 * A connection with the right to change one credential. `admit` and `retire` look at the server before they act, so that
 * either may be repeated, also after a kill in the middle of it, and ends the same. Both work in the other direction:
 * `admit(next, old)` and `retire(next, old)` undo a rotation.
 *
 * No password is sent in a statement or an argument that the server might log: servers get verifiers and hashes, made here.
 */
export interface RotationSession {
  /**
   * Finds out without a change whether this login may rotate the credential. Returns notes for the plan. Throws `denied`,
   * with the login that is needed as the hint; `absent` if the server knows no such login; `refused` if the server cannot
   * rotate it.
   */
  may(old: RotationCredential): Promise<readonly string[]>;
  /**
   * Has the server make the new credential, which it accepts from then on. `isOurs` knows the id of one that an earlier attempt
   * made and did not keep: that goes, and no other. Only for servers that make the value; the others have `Rotator.make`.
   */
  create?(isOurs: (id: string) => boolean): Promise<RotationCredential>;
  /**
   * Returns once the server accepts `next`. With an overlap of `both`, it still accepts `old`. Throws `changed` if it
   * accepts neither: somebody has set another one.
   */
  admit(old: RotationCredential, next: RotationCredential): Promise<void>;
  /** Returns once the server accepts `next` and no longer `old`. Throws `refused`, changing nothing, if it does not accept `next`. */
  retire(old: RotationCredential, next: RotationCredential): Promise<void>;
  close(): Promise<void>;
}

/** What a rotator does at a server. Methods throw UnsprawlError and quote no value. */
export interface RotationServer {
  /**
   * Connects with the first of the logins that the server accepts. An owner who changes its own password gives the new
   * and the old one: after a kill, either may be valid. Throws `denied` if the server refuses all of them, `unreachable`
   * if it gives no answer.
   */
  open(target: RotationTarget, logins: readonly RotationLogin[], wire: RotationWire): Promise<RotationSession>;
  /**
   * Whether the server accepts the credential. False only if the server said that it is wrong; throws `unreachable` if
   * no answer says that it is right or wrong, `refused` if the server accepts any password.
   */
  logsIn(target: RotationTarget, credential: RotationCredential, wire: RotationWire): Promise<boolean>;
}

/** The export `rotator` of a rotator's folder. */
export interface Rotator {
  readonly about: RotatorAbout;
  /** The target of a secret, without asking anybody; text says what is missing, null that the secret is another's. */
  target(evidence: RotationEvidence): RotationTarget | string | null;
  /**
   * A new value that the target accepts, with at least 128 bits from the system's generator, and no character that a
   * URL, a shell or YAML would want quoted; values of a known form keep that form, and so many bits. Null if the server makes it (`RotationSession.create`).
   */
  readonly make: ((old: RotationCredential, target: RotationTarget) => RotationCredential) | null;
  /** Null if only the application checks the value. */
  readonly server: RotationServer | null;
}

import type { Liveness } from "./types.ts";

export type Kind = "postgres" | "mysql" | "redis";

export const PORTS: { readonly [kind in Kind]: number } = { postgres: 5432, mysql: 3306, redis: 6379 };

/** How far a connection insists on TLS, in libpq's words. */
export type Tls = "disable" | "prefer" | "require" | "verify-ca" | "verify-full";

/** A login, as the secret's own configuration spells it out. */
export type Target = {
  readonly kind: Kind;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: Tls;
};

/** Logs in and out again. Never throws. */
export type Login = (target: Target, timeoutMs: number, signal: AbortSignal) => Promise<Liveness>;

/** A password in its place. */
export type Held = { readonly name: string; readonly part: string; readonly value: string };

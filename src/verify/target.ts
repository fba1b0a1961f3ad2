import type { AddressPolicy } from "../kit/net/outgoing.ts";
import type { Liveness } from "./types.ts";

export type LoginKind = "postgres" | "mysql" | "redis";

export const PORTS: { readonly [kind in LoginKind]: number } = { postgres: 5432, mysql: 3306, redis: 6379 };

/** How far a connection insists on TLS, in libpq's words. */
export type Tls = "disable" | "prefer" | "require" | "verify-ca" | "verify-full";

/** A login, as the secret's own configuration spells it out. */
export type LoginTarget = {
  readonly kind: LoginKind;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: Tls;
};

/** A login and the addresses that its host may have: the configuration that holds the secret names it. */
export type GuardedTarget = LoginTarget & { readonly reach: AddressPolicy };

/** Logs in and out again. Never throws. */
export type TryLogin = (target: GuardedTarget, timeoutMs: number, signal: AbortSignal) => Promise<Liveness>;

/** A password in its place. */
export type PasswordPart = { readonly name: string; readonly part: string; readonly value: string };

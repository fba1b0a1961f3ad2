import type { AddressPolicy } from "../kit/net/outgoing.ts";
import type { Tls } from "../contract/rotator.ts";

export type LoginKind = "postgres" | "mysql" | "redis" | "amqp";

export const PORTS: { readonly [kind in LoginKind]: number } = {
  postgres: 5432,
  mysql: 3306,
  redis: 6379,
  amqp: 5672,
};

export type { Tls } from "../contract/rotator.ts";

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

/**
 * A login and the addresses that its host may have: the configuration that holds the secret names it. `plain`: the
 * connection stays on this machine, so that a password may go over it without TLS.
 */
export type GuardedTarget = Omit<LoginTarget, "kind"> & { readonly reach: AddressPolicy; readonly plain?: boolean };

/** What a server says to a login. `anyone`: it asks for no password. `unclear`: nothing about the password. */
export type LoginAnswer = { readonly said: "in" | "wrong" | "anyone" | "unclear"; readonly why: string };

export const unclear = (why: string): LoginAnswer => ({ said: "unclear", why });

/** Logs in and out again. Never throws. */
export type TryLogin = (target: GuardedTarget, timeoutMs: number, signal: AbortSignal) => Promise<LoginAnswer>;

/** A password in its place. */
export type PasswordPart = { readonly name: string; readonly part: string; readonly value: string };

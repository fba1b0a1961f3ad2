import type { LoginRole } from "../model/handover.ts";
import type { StoreTarget } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";

/** A login, and the server that checks it, by a rotator's id. `isLocal`: its address means this server on this machine alone. */
export type ServerLogin = {
  readonly server: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly isLocal: boolean;
};

/** Roles of an engine that changes the login of each by itself. Methods throw as a provider's do. */
export interface LoginRoles {
  /** The store as it reads these logins. */
  readonly target: StoreTarget;
  /**
   * The role that would take over a login; nothing is made. `connection` is the server as the engine calls it; null to find
   * it by its address, which has to be a name that means the same everywhere. Throws `refused` if the engine knows no such
   * server or more than one, logs in with this login itself, or has a role for it; `denied` with all that this login to the
   * store may not do.
   */
  find(login: ServerLogin, connection: string | null, everySeconds: number): Promise<LoginRole>;
  /** Whether this role is there; `another`: one of its name that is not it. */
  stateOf(role: LoginRole): Promise<"none" | "there" | "another">;
  /** Makes the role, which changes the password at once. Idempotent. */
  make(role: LoginRole): Promise<void>;
  /** The password now; null if there is no such role. */
  read(role: LoginRole): Promise<Secret | null>;
  /** Has the engine change the password now: it then leaves it for a whole period. */
  renew(role: LoginRole): Promise<void>;
  /** Ends the role: the password stays as it is. Idempotent; one that is not this role stays. */
  drop(role: LoginRole): Promise<void>;
  /** The rights to hand the login over, and to read it. */
  policy(role: LoginRole): string;
}

import type {
  RotationCredential,
  RotationEvidence,
  RotationLogin,
  RotationTarget,
  RotationWire,
} from "../contract/rotator.ts";
import { isLoopback } from "../kit/net/outgoing.ts";
import { UnsprawlError } from "../model/error.ts";
import { namedTarget } from "../verify/database-names.ts";
import { urlTarget } from "../verify/database-url.ts";
import type { GuardedTarget, LoginAnswer, LoginKind, TryLogin } from "../verify/target.ts";
import { heldText, textOf } from "./reveal.ts";

/** The target of a login of this kind, by the URL that holds the password or by variables that go together. */
export function loginTarget(
  kind: LoginKind,
  rotator: string,
  evidence: RotationEvidence,
): RotationTarget | string | null {
  const held = heldText(evidence);
  if (held === null) return null;
  const found = urlTarget(held) ?? namedTarget(held);
  if (found === null || typeof found === "string") return found;
  if (found.kind !== kind) return null;
  const { port, user, database, tls } = found;
  const host = found.host.replace(/^\[|\]$/g, "");
  return { rotator, at: { host, port, tls }, login: user, database, pair: null, previous: null, details: {} };
}

/** The server's address. Throws for a target without one, which is another rotator's. */
export function addressOf({ at, rotator }: RotationTarget): NonNullable<RotationTarget["at"]> {
  if (at === null) throw new UnsprawlError("malformed", `the target names no server of ${rotator}`);
  return at;
}

/**
 * What the clients of `verify` connect with. Throws `refused` for an administrator's login that would be sent without TLS
 * to another machine; the application sends its own like that anyway.
 */
export function guarded(target: RotationTarget, { user, secret }: RotationLogin, wire: RotationWire): GuardedTarget {
  const { reach, local } = wire;
  const at = addressOf(target);
  if (at.tls === "disable" && !local && !isLoopback(at.host) && user !== target.login)
    throw new UnsprawlError(
      "refused",
      `${at.host} is reached without TLS, and no other login than the application's is sent there in the clear`,
      "run it on the server's machine, or have the server use TLS",
    );
  return { ...at, user, password: textOf(secret), database: target.database, reach, plain: local };
}

/** `RotationServer.logsIn` by the login of `verify`. */
export function logsInBy(attempt: TryLogin) {
  return async (target: RotationTarget, { secret }: RotationCredential, wire: RotationWire): Promise<boolean> => {
    const answer = await attempt(guarded(target, { user: target.login, secret }, wire), wire.timeoutMs, wire.signal);
    if (answer.said === "in" || answer.said === "wrong") return answer.said === "in";
    throw unusable(answer);
  };
}

/** The first connection that the server accepts. */
export async function firstIn<Line extends object>(
  logins: readonly RotationLogin[],
  open: (login: RotationLogin) => Promise<Line | LoginAnswer>,
): Promise<Line> {
  let refusal: LoginAnswer | null = null;
  for (const login of logins) {
    const line = await open(login);
    if (!("said" in line)) return line;
    if (line.said !== "wrong") throw unusable(line);
    refusal = line;
  }
  throw new UnsprawlError(
    "denied",
    refusal === null ? "no login was given to change the password with" : refusal.why,
    "give a login that may change it",
  );
}

function unusable({ said, why }: LoginAnswer): UnsprawlError {
  return said === "anyone"
    ? new UnsprawlError("refused", why, "have the server ask for a password first")
    : new UnsprawlError("unreachable", why, "check that the server runs and can be reached from here");
}

/** Throws unless the old value is still accepted: somebody else's change is not overwritten. */
export async function mustAccept(accepts: () => boolean | Promise<boolean>, what: string): Promise<void> {
  if (await accepts()) return;
  throw new UnsprawlError(
    "changed",
    `${what} accepts neither the old value nor the new one: somebody has changed it`,
    "find the value that is in use, and plan again",
  );
}

/** The refusal to retire a value while the server does not accept its successor. */
export function notYet(what: string): UnsprawlError {
  return new UnsprawlError("refused", `${what} does not accept the new value yet, so the old one stays`);
}

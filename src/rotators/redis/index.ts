/*
 * Passwords of Redis and Valkey users, the default user (`requirepass`) among them, as SHA-256 digests that are made
 * here. A user has two for a while, and the server keeps the change over a restart where it can.
 */
import { createHash } from "node:crypto";
import type { RotationCredential, RotationSession, RotationTarget, Rotator } from "../../contract/rotator.ts";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import { withTimeLimit } from "../../kit/net/within.ts";
import { openRedis, redisLogin, type RedisLine } from "../../verify/redis.ts";
import { RespError, type RespValue } from "../../verify/resp.ts";
import { firstIn, guarded, loginTarget, logsInBy, mustAccept, notYet } from "../logins.ts";
import { newPassword } from "../passwords.ts";
import { textOf } from "../reveal.ts";
import { about } from "./about.ts";

export const rotator: Rotator = {
  about,
  target: (evidence) => loginTarget("redis", about.id, evidence),
  make: newPassword,
  server: {
    async open(target, logins, wire) {
      const line = await firstIn(logins, (login) =>
        openRedis(guarded(target, login, wire), wire.timeoutMs, wire.signal),
      );
      const ask = async (...command: readonly string[]): Promise<RespValue> => {
        const answer = await withTimeLimit(wire.timeoutMs, wire.signal, async () => ({
          is: await line.ask(...command),
        })).catch((error: unknown) => {
          throw lost(causeOf(error));
        });
        if (typeof answer === "string") throw lost(answer);
        return answer.is;
      };
      return session({ ...line, ask }, target);
    },
    logsIn: logsInBy(redisLogin),
  },
};

const digest = ({ secret }: RotationCredential): string => createHash("sha256").update(textOf(secret)).digest("hex");

function session({ ask, close }: RedisLine, target: RotationTarget): RotationSession {
  const user = target.login === "" ? "default" : target.login;
  const must = async (...command: readonly string[]): Promise<RespValue> => {
    const answer = await ask(...command);
    if (answer instanceof RespError) throw failure(answer);
    return answer;
  };
  const digests = async (): Promise<readonly RespValue[]> => {
    const found = await must("ACL", "GETUSER", user);
    if (found === null) throw new UnsprawlError("absent", `Redis has no user ${JSON.stringify(user)}`);
    if (listed(found, "flags").includes("nopass"))
      throw new UnsprawlError("refused", "Redis asks that user for no password", "have it ask for one first");
    return listed(found, "passwords");
  };
  const change = async (rule: string): Promise<void> => {
    await must("ACL", "SETUSER", user, rule);
  };
  const keep = async (): Promise<void> => {
    const how = await keeper(ask);
    const answer = how === null ? null : await ask(...how);
    if (answer instanceof RespError)
      throw new UnsprawlError(
        "failed",
        `Redis cannot write its configuration, so a restart would undo the change (${how?.join(" ")})`,
        "make the file writable for the server, or change it by hand, then resume",
      );
  };
  return {
    async may() {
      await digests();
      // Without a rule it changes nothing of a user that is there.
      await must("ACL", "SETUSER", user);
      const notes = spread(await ask("INFO"));
      return [...notes, (await keeper(ask)) === null ? NOT_KEPT : KEPT];
    },
    async admit(old, next) {
      const there = await digests();
      if (!there.includes(digest(next))) {
        await mustAccept(() => there.includes(digest(old)), "Redis");
        await change(`#${digest(next)}`);
      }
      await keep();
    },
    async retire(old, next) {
      const there = await digests();
      if (!there.includes(digest(next))) throw notYet("Redis");
      if (there.includes(digest(old))) await change(`!${digest(old)}`);
      await keep();
    },
    close: async () => close(),
  };
}

/** The command that writes the change where the server reads it at its next start; null if it has no such place. */
async function keeper(ask: RedisLine["ask"]): Promise<readonly string[] | null> {
  const [, aclFile = ""] = await pair(ask("CONFIG", "GET", "aclfile"));
  if (aclFile !== "") return ["ACL", "SAVE"];
  const info = await ask("INFO", "server");
  return typeof info === "string" && /^config_file:[^\r\n]/m.test(info) ? ["CONFIG", "REWRITE"] : null;
}

const NOT_KEPT =
  "the server has no configuration file to keep the change in: replace the password also where it is started (its command line or environment), or the old one returns with its next start";
const KEPT =
  "the server writes the change to its configuration file; a requirepass line there keeps the old value, without effect";

/** Passwords are a server's, and no replica gets them from it. */
function spread(info: RespValue): readonly string[] {
  const text = typeof info === "string" ? info : "";
  if (/^cluster_enabled:1\b/m.test(text))
    throw new UnsprawlError(
      "refused",
      "each node of a Redis Cluster has its passwords, and only this one is known",
      "change the password on each node, then give the new value with --value-from",
    );
  const isSpread = /^role:slave\b/m.test(text) || /^connected_slaves:[1-9]/m.test(text);
  return isSpread
    ? ["replicas and their primary have separate passwords: change it on each, or a failover brings the old one back"]
    : [];
}

/** A list of an answer that has names and values in turn. */
function listed(answer: RespValue, name: string): readonly RespValue[] {
  const all: readonly RespValue[] = Array.isArray(answer) ? answer : [];
  const value = all[all.indexOf(name) + 1];
  return Array.isArray(value) ? value : [];
}

async function pair(answer: Promise<RespValue>): Promise<readonly string[]> {
  const found = await answer;
  return Array.isArray(found) ? found.map(String) : [];
}

function lost(why: string): UnsprawlError {
  return new UnsprawlError("unreachable", `Redis: the connection is lost (${why})`, "try again");
}

function failure({ said }: RespError): UnsprawlError {
  const code = /^[A-Z]{2,20}\b/.exec(said)?.[0] ?? "no code";
  if (code === "NOPERM")
    return new UnsprawlError(
      "denied",
      "this login may not change passwords (NOPERM)",
      `give the login of ${about.needs}`,
    );
  return new UnsprawlError("failed", `Redis did not change the password (${code})`, "it needs Redis 6 or newer");
}

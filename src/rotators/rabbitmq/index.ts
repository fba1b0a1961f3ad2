/*
 * Passwords of RabbitMQ users, by the management API with a hash that is made here. A user has one password.
 */
import { createHash, randomBytes } from "node:crypto";
import type {
  RotationCredential,
  RotationLogin,
  RotationSession,
  RotationTarget,
  RotationWire,
  Rotator,
} from "../../contract/rotator.ts";
import { UnsprawlError } from "../../model/error.ts";
import { amqpLogin } from "../../verify/amqp.ts";
import { request } from "../http.ts";
import { addressOf, loginTarget, logsInBy, mustAccept, notYet } from "../logins.ts";
import { newPassword } from "../passwords.ts";
import { textBeside, textOf } from "../reveal.ts";
import { about } from "./about.ts";

const logsIn = logsInBy(amqpLogin);

export const rotator: Rotator = {
  about,
  target(evidence) {
    const target = loginTarget("amqp", about.id, evidence);
    if (target === null || typeof target === "string") return target;
    const named = textBeside(evidence, /^RABBIT\w*_MANAGEMENT_PORT$/i)?.text;
    const managementPort = named !== undefined && /^\d{1,5}$/.test(named) ? named : "15672";
    return { ...target, details: { managementPort } };
  },
  make: newPassword,
  server: {
    async open(target, logins, wire) {
      for (const login of logins) {
        const call = caller(target, login, wire);
        const { status } = await call("GET", "whoami");
        if (status !== 401) return session(call, target, wire);
      }
      throw denied("RabbitMQ's management API refuses the login (401)");
    },
    logsIn,
  },
};

type RabbitCall = (
  method: "GET" | "PUT",
  path: string,
  body?: object,
) => Promise<{ readonly status: number; readonly text: string }>;

function caller(target: RotationTarget, { user, secret }: RotationLogin, wire: RotationWire): RabbitCall {
  const { host, tls } = addressOf(target);
  const scheme = tls === "disable" || tls === "prefer" ? "http" : "https";
  const name = host.includes(":") ? `[${host}]` : host;
  const base = `${scheme}://${name}:${target.details["managementPort"] ?? "15672"}/api/`;
  const authorization = `Basic ${Buffer.from(`${user}:${textOf(secret)}`).toString("base64")}`;
  return (method, path, body) =>
    request(
      "RabbitMQ's management API",
      {
        ...{ method, url: new URL(base + path), authorization, headers: { "content-type": "application/json" } },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      wire,
    );
}

type User = { readonly password_hash?: string; readonly hashing_algorithm?: string; readonly tags?: readonly string[] };

function session(call: RabbitCall, target: RotationTarget, wire: RotationWire): RotationSession {
  const path = `users/${encodeURIComponent(target.login)}`;
  const user = async (): Promise<User> => parsed(await call("GET", path), target.login);
  return {
    async may() {
      const { tags = [] } = parsed(await call("GET", "whoami"), "");
      if (!tags.includes("administrator")) throw denied("this login may not change passwords (no administrator)");
      await user();
      return [];
    },
    async admit(old, next) {
      const { tags = [], ...kept } = await user();
      if (!isOf(kept, next)) {
        await mustAccept(() => isOf(kept, old), "RabbitMQ");
        const body = {
          password_hash: hash(next),
          hashing_algorithm: "rabbit_password_hashing_sha256",
          tags: tags.join(","),
        };
        parsed(await call("PUT", path, body), target.login);
      }
      if (!(await logsIn(target, next, wire)))
        throw new UnsprawlError("failed", "RabbitMQ took the new password and still refuses it");
    },
    async retire(_old, next) {
      if (!(await logsIn(target, next, wire))) throw notYet("RabbitMQ");
    },
    close: async () => {},
  };
}

/** https://www.rabbitmq.com/docs/passwords#computing-password-hash */
function hash({ secret }: RotationCredential, salt = randomBytes(4), algorithm = "sha256"): string {
  const digest = createHash(algorithm).update(salt).update(textOf(secret)).digest();
  return Buffer.concat([salt, digest]).toString("base64");
}

function isOf(
  { password_hash: kept = "", hashing_algorithm: algorithm = "" }: User,
  credential: RotationCredential,
): boolean {
  const name = /^rabbit_password_hashing_(sha256|sha512|md5)$/.exec(algorithm)?.[1];
  const bytes = Buffer.from(kept, "base64");
  return name !== undefined && bytes.length > 4 && hash(credential, bytes.subarray(0, 4), name) === kept;
}

function parsed({ status, text }: { readonly status: number; readonly text: string }, user: string): User {
  if (status === 401 || status === 403) throw denied(`this login may not change passwords (${status})`);
  if (status === 404) throw new UnsprawlError("absent", `RabbitMQ has no user ${JSON.stringify(user)}`);
  try {
    if (status < 300) return (text === "" ? {} : JSON.parse(text)) as User;
  } catch {
    throw new UnsprawlError("malformed", "the answer is not from RabbitMQ's management API");
  }
  throw new UnsprawlError("failed", `RabbitMQ did not change the password (${status})`);
}

function denied(message: string): UnsprawlError {
  return new UnsprawlError("denied", message, `give the login of ${about.needs}`);
}

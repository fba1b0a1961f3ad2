import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { guardedSocket } from "./socket.ts";
import { unclear, type GuardedTarget, type LoginAnswer, type TryLogin } from "./target.ts";
import { connectionFailure } from "../kit/net/http.ts";
import { noAnswerText, withTimeLimit } from "../kit/net/within.ts";
import { readResp, RespError, type RespValue } from "./resp.ts";

/** A connection. `ask` fails with a Node error when it breaks. */
export type RedisLine = {
  readonly ask: (...command: readonly string[]) => Promise<RespValue>;
  readonly close: () => void;
};

const ANYONE: LoginAnswer = { said: "anyone", why: "Redis asks for no password there, so any would do" };

/** A PING, and one AUTH if the answer is Redis's and asks for it, in RESP: another service never sees the password. */
export const redisLogin: TryLogin = async (target, timeoutMs, signal) => {
  const line = await openRedis(target, timeoutMs, signal);
  if ("said" in line) return line;
  line.close();
  return { said: "in", why: "Redis takes the password (AUTH)" };
};

/** Logs in, or says why that failed. Never throws. */
export async function openRedis(
  target: GuardedTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RedisLine | LoginAnswer> {
  const line = connect(target, signal);
  let isIn = false;
  try {
    const answer = await withTimeLimit(timeoutMs, signal, () => login(target, line));
    if (typeof answer === "string") return unclear(`Redis: ${noAnswerText(answer, timeoutMs)}`);
    isIn = answer.said === "in";
    return isIn ? line : answer;
  } catch (error) {
    return unclear(`Redis: ${connectionFailure(error)}`);
  } finally {
    if (!isIn) line.close();
  }
}

async function login({ user, password }: GuardedTarget, { ask }: RedisLine): Promise<LoginAnswer> {
  const first = await ask("PING");
  // With a user name, AUTH says OK to whatever password when the default user has none: the short form tells.
  const named = user !== "" && user !== "default";
  if (first === "PONG" && !named) return ANYONE;
  if (first !== "PONG" && !(first instanceof RespError && first.said.startsWith("NOAUTH"))) return read(first);
  return read(await ask("AUTH", ...(named ? [user] : []), password));
}

function connect(target: GuardedTarget, over: AbortSignal): RedisLine {
  const { host, port, tls } = target;
  const plain = guardedSocket(target).connect(port, host);
  const socket: Socket =
    tls === "disable" ? plain : connectTls({ socket: plain, host, rejectUnauthorized: true, ...serverName(host) });
  const stop = (): void => void socket.destroy();
  over.addEventListener("abort", stop, { once: true });
  socket.on("error", () => {}).on("close", () => over.removeEventListener("abort", stop));
  return {
    close: stop,
    ask: (...command) =>
      new Promise((done, fail) => {
        let said = Buffer.alloc(0);
        const finish = (act: () => void): void => {
          socket.off("data", hear).off("error", broken).off("close", closed);
          act();
        };
        const broken = (error: Error): void => finish(() => fail(error));
        const closed = (): void => finish(() => fail(Object.assign(new Error("closed"), { code: "ECONNRESET" })));
        const hear = (chunk: Buffer): void => {
          said = Buffer.concat([said, chunk]);
          try {
            const answer = readResp(said);
            if (answer !== null) finish(() => done(answer.value));
          } catch {
            // Of another service, then: no text that Redis says.
            finish(() => done(null));
          }
        };
        if (socket.destroyed) return fail(socket.errored ?? Object.assign(new Error("closed"), { code: "ECONNRESET" }));
        socket.on("data", hear).on("error", broken).on("close", closed);
        const words = command.flatMap((word) => [`$${Buffer.byteLength(word)}`, word]);
        socket.write([`*${command.length}`, ...words, ""].join("\r\n"));
      }),
  };
}

/** SNI takes no addresses. */
function serverName(host: string): { servername?: string } {
  return /[a-z]/i.test(host) && !host.includes(":") ? { servername: host } : {};
}

function read(answer: RespValue): LoginAnswer {
  if (answer === "OK") return { said: "in", why: "Redis takes the password (AUTH)" };
  if (!(answer instanceof RespError)) return unclear("does not answer like Redis");
  const { said } = answer;
  if (/^WRONGPASS\b/.test(said) || said === "ERR invalid password")
    return { said: "wrong", why: "Redis refuses the password (AUTH)" };
  if (/without any password configured|no password is set/.test(said)) return ANYONE;
  const code = /^([A-Z]{3,20})\b/.exec(said)?.[1];
  return unclear(code === undefined ? "does not answer like Redis" : `Redis does not say (${code})`);
}

import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { guardedSocket } from "./socket.ts";
import type { GuardedTarget, TryLogin } from "./target.ts";
import { connectionFailure } from "../kit/net/http.ts";
import { dead, live, unknown, type Liveness } from "./types.ts";
import { noAnswerText, withTimeLimit } from "../kit/net/within.ts";

/** A PING, and one AUTH if the answer is Redis's and asks for it, in RESP: another service never sees the password. */
export const redisLogin: TryLogin = async (target, timeoutMs, signal) => {
  try {
    return await withTimeLimit(timeoutMs, signal, async (over) => {
      const { ask, end } = open(target, over);
      try {
        const first = await ask(["PING"]);
        // With a user name, AUTH says OK to whatever password when the default user has none: the short form tells.
        const named = target.user !== "" && target.user !== "default";
        if (first === "+PONG" && !named) return unknown("Redis asks for no password there, so any would do");
        if (first !== "+PONG" && !first.startsWith("-NOAUTH")) return read(first);
        return read(await ask(["AUTH", ...(named ? [target.user] : []), target.password]));
      } finally {
        end();
      }
    }).then((answer) => (typeof answer === "string" ? unknown(`Redis: ${noAnswerText(answer, timeoutMs)}`) : answer));
  } catch (error) {
    return unknown(`Redis: ${connectionFailure(error)}`);
  }
};

type RedisLine = { readonly ask: (command: readonly string[]) => Promise<string>; readonly end: () => void };

function open(target: GuardedTarget, over: AbortSignal): RedisLine {
  const { host, port, tls } = target;
  const plain = guardedSocket(target).connect(port, host);
  const socket: Socket =
    tls === "disable" ? plain : connectTls({ socket: plain, host, rejectUnauthorized: true, ...serverName(host) });
  over.addEventListener("abort", () => socket.destroy(), { once: true });
  return {
    end: () => socket.destroy(),
    ask: (command) =>
      new Promise((done, fail) => {
        let said = "";
        const finish = (): void => {
          socket.off("data", hear).off("error", fail).off("close", finish);
          done(said.split("\r\n", 1)[0] ?? "");
        };
        const hear = (chunk: Buffer): void => {
          said += chunk.toString("latin1");
          if (said.includes("\n") || said.length > 1024) finish();
        };
        socket.on("data", hear).on("error", fail).on("close", finish);
        const words = command.flatMap((word) => [`$${Buffer.byteLength(word)}`, word]);
        socket.write([`*${command.length}`, ...words, ""].join("\r\n"));
      }),
  };
}

/** SNI takes no addresses. */
function serverName(host: string): { servername?: string } {
  return /[a-z]/i.test(host) && !host.includes(":") ? { servername: host } : {};
}

function read(line: string): Liveness {
  if (line === "+OK") return live("Redis takes the password (AUTH)");
  if (/^-WRONGPASS\b/.test(line) || line === "-ERR invalid password") return dead("Redis refuses the password (AUTH)");
  if (/without any password configured|no password is set/.test(line))
    return unknown("Redis asks for no password there, so any would do");
  if (line === "") return unknown("Redis: it closed the connection without an answer");
  const code = /^-([A-Z]{3,20})\b/.exec(line)?.[1];
  return unknown(code === undefined ? "does not answer like Redis" : `Redis does not say (${code})`);
}

import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { TryLogin, LoginTarget } from "./target.ts";
import { connectionFailure } from "../kit/net/http.ts";
import { dead, live, unknown, type Liveness } from "./types.ts";
import { noAnswerText, withTimeLimit } from "../kit/net/within.ts";

/** One AUTH in RESP, and nothing after it. */
export const redisLogin: TryLogin = async (target, timeoutMs, signal) => {
  try {
    const line = await withTimeLimit(timeoutMs, signal, async (over) => ({ text: await auth(target, over) }));
    return typeof line === "string" ? unknown(`Redis: ${noAnswerText(line, timeoutMs)}`) : read(line.text);
  } catch (error) {
    return unknown(`Redis: ${connectionFailure(error)}`);
  }
};

function auth({ host, port, user, password, tls }: LoginTarget, over: AbortSignal): Promise<string> {
  return new Promise((done, fail) => {
    // With a user name, AUTH says OK to whatever password when the default user has none: the short form tells.
    const named = user !== "" && user !== "default";
    const command = ["AUTH", ...(named ? [user] : []), password];
    const text = [`*${command.length}`, ...command.flatMap((word) => [`$${Buffer.byteLength(word)}`, word]), ""].join(
      "\r\n",
    );
    const socket: Socket =
      tls === "disable"
        ? connect({ host, port })
        : connectTls({ host, port, rejectUnauthorized: true, ...serverName(host) });
    let said = "";
    socket.on(tls === "disable" ? "connect" : "secureConnect", () => socket.write(text));
    socket.on("data", (chunk: Buffer) => {
      said += chunk.toString("latin1");
      if (said.includes("\n") || said.length > 1024) finish();
    });
    const finish = (): void => {
      done(said.split("\r\n", 1)[0] ?? "");
      socket.destroy();
    };
    socket.on("error", fail);
    socket.on("close", finish);
    over.addEventListener("abort", () => socket.destroy(), { once: true });
  });
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

import { connect as connectTls } from "node:tls";
import type { Socket } from "node:net";
import { guardedSocket } from "./socket.ts";
import { unclear, type GuardedTarget, type LoginAnswer, type TryLogin } from "./target.ts";
import { connectionFailure } from "../kit/net/http.ts";
import { noAnswerText, withTimeLimit } from "../kit/net/within.ts";

/** Begins a connection to RabbitMQ in AMQP 0-9-1 and ends it once the password was accepted or refused. */
export const amqpLogin: TryLogin = async (target, timeoutMs, signal) => {
  try {
    const answer = await withTimeLimit(timeoutMs, signal, (over) => converse(target, over));
    return typeof answer === "string" ? unclear(`RabbitMQ: ${noAnswerText(answer, timeoutMs)}`) : answer;
  } catch (error) {
    return unclear(`RabbitMQ: ${connectionFailure(error)}`);
  }
};

/** Methods of class 10, `connection`: https://www.rabbitmq.com/amqp-0-9-1-reference */
const [START, START_OK, TUNE, CLOSE] = [10, 11, 30, 50];
const ACCESS_REFUSED = 403;

function converse(target: GuardedTarget, over: AbortSignal): Promise<LoginAnswer> {
  const { host, port, tls, user, password } = target;
  const plain = guardedSocket(target).connect(port, host);
  const servername = /[a-z]/i.test(host) && !host.includes(":") ? { servername: host } : {};
  const socket: Socket =
    tls === "disable" || tls === "prefer"
      ? plain
      : connectTls({ socket: plain, host, rejectUnauthorized: true, ...servername });
  over.addEventListener("abort", () => socket.destroy(), { once: true });
  return new Promise<LoginAnswer>((done, fail) => {
    let heard = Buffer.alloc(0);
    socket.on("error", fail).on("close", () => fail(Object.assign(new Error("closed"), { code: "ECONNRESET" })));
    socket.on("data", (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk]);
      for (let frame = frameOf(heard); frame !== null; frame = frameOf(heard)) {
        heard = heard.subarray(frame.end);
        if (frame.method === START) socket.write(startOk(user, password));
        else done(read(frame.method, frame.code));
      }
      if (heard.length > 0 && heard[0] !== 1) done(unclear("does not answer like RabbitMQ"));
    });
    socket.write(Buffer.from("AMQP\0\0\x09\x01", "latin1"));
  }).finally(() => socket.destroy());
}

function read(method: number, code: number): LoginAnswer {
  if (method === TUNE) return { said: "in", why: "RabbitMQ lets it log in" };
  if (method === CLOSE && code === ACCESS_REFUSED)
    return { said: "wrong", why: `RabbitMQ refuses user and password (${code})` };
  return unclear(`RabbitMQ does not say (${method === CLOSE ? code : method})`);
}

/** The first whole method frame: 1, channel, length, payload, 0xCE; null if there is none yet. */
function frameOf(bytes: Buffer): { readonly method: number; readonly code: number; readonly end: number } | null {
  if (bytes.length < 7 || bytes[0] !== 1) return null;
  const length = bytes.readUInt32BE(3);
  const end = 7 + length + 1;
  if (length < 4 || bytes.length < end) return null;
  return { method: bytes.readUInt16BE(9), code: length < 6 ? 0 : bytes.readUInt16BE(11), end };
}

/** Says that it understands a refusal, which is otherwise a closed connection only. */
function startOk(user: string, password: string): Buffer {
  const short = (text: string): Buffer => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
  const long = (bytes: Buffer): Buffer => Buffer.concat([uint32(bytes.length), bytes]);
  const field = (name: string, type: string, value: Buffer): Buffer =>
    Buffer.concat([short(name), Buffer.from(type), value]);
  const can = long(field("authentication_failure_close", "t", Buffer.from([1])));
  const properties = long(
    Buffer.concat([field("product", "S", long(Buffer.from("unsprawl"))), field("capabilities", "F", can)]),
  );
  const payload = Buffer.concat([
    Buffer.from([0, 10, 0, START_OK ?? 0]),
    ...[properties, short("PLAIN"), long(Buffer.from(`\0${user}\0${password}`)), short("en_US")],
  ]);
  return Buffer.concat([Buffer.from([1, 0, 0]), uint32(payload.length), payload, Buffer.from([0xce])]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

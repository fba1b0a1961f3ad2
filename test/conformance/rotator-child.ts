// Rotates a credential in a process of its own, which is killed around one of its writes to the server, as ordered.
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { NAMED } from "../../src/kit/net/outgoing.ts";
import { Secret } from "../../src/model/secret.ts";
import { rotators } from "../../src/rotators/index.ts";
import type { KillOrder, PlainCredential } from "./rotator-kills.ts";

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
const order = JSON.parse(Buffer.concat(chunks).toString("utf8")) as KillOrder & { readonly timeoutMs: number };
const { kill, target } = order;

let writes = 0;
type Writer = (this: Socket, ...args: unknown[]) => unknown;
const sockets = Socket.prototype as unknown as { _writeGeneric: Writer };
const { _writeGeneric: write } = sockets;
sockets._writeGeneric = function (this: Socket, ...args: unknown[]): unknown {
  // What waits for the connection is written again once that is there.
  if (this.connecting || this === (process.stdout as unknown)) return write.apply(this, args);
  writes++;
  if (kill?.at === writes && kill.before) process.kill(process.pid, "SIGKILL");
  const result = write.apply(this, args);
  if (kill?.at === writes) process.kill(process.pid, "SIGKILL");
  return result;
};

const say = (what: object): void => void writeSync(1, `${JSON.stringify(what)}\n`);
const read = ({ id, secret }: PlainCredential) => ({ id, secret: Secret.of(secret) });
const wire = { reach: NAMED, local: true, timeoutMs: order.timeoutMs, env: {}, signal: new AbortController().signal };
const rotator = (await rotators[order.rotator]?.())?.rotator;
if (rotator?.server == null) throw new Error(`no rotator ${order.rotator}`);
const admin = { user: order.admin.user, secret: Secret.of(order.admin.secret) };
const session = await rotator.server.open(target, [admin], wire);
const old = read(order.old);
const next = order.next === null ? await session.create?.(() => false) : read(order.next);
if (next === undefined) throw new Error("nobody makes the new value");
if (order.next === null) say({ next: { id: next.id, secret: next.secret.exposeText() } });
await session.admit(old, next);
await session.retire(old, next);
say({ writes, ended: true });
await session.close();
process.exit();

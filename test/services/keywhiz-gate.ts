import { X509Certificate, type KeyObject } from "node:crypto";
import type { Server } from "node:https";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";

const HANDSHAKE = 22;
const CERTIFICATE = 11;
/** A fatal TLS 1.2 alert, certificate_unknown (46), as it is written before anything is encrypted. */
const ALERT = Buffer.from([21, 3, 3, 0, 2, 2, 46]);

/**
 * Ends the handshake of a caller whose certificate is not of this CA with the alert that Keywhiz sends, because node
 * only closes such a connection once the handshake is over. In TLS 1.2 the client's certificate is sent in the clear.
 */
export function guard(server: Server, ca: KeyObject): { close(): void } {
  const open = new Set<Socket>();
  const serve = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    const inner = gate(socket, ca);
    for (const one of serve) one.call(server, inner);
  });
  return {
    close() {
      for (const socket of open) socket.destroy();
    },
  };
}

/** The socket as the TLS server sees it; what a refused caller sends never gets there. */
function gate(socket: Socket, ca: KeyObject): Duplex {
  const inner = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy(error, done) {
      if (!refused) socket.destroy();
      done(error);
    },
  });
  const look = handshakeReader();
  let refused = false;
  socket.on("data", (chunk: Buffer) => {
    if (refused) return;
    const certificate = look(chunk);
    refused = certificate !== null && !certificate.verify(ca);
    if (!refused) return void (inner.push(chunk) || socket.pause());
    socket.end(ALERT);
    inner.destroy();
  });
  socket.on("end", () => void inner.push(null));
  socket.on("error", () => void inner.destroy());
  socket.on("close", () => void inner.destroy());
  return inner;
}

/** Reads along until the handshake is over; gives the caller's certificate in the moment that it has been sent. */
function handshakeReader(): (chunk: Buffer) => X509Certificate | null {
  let [records, messages] = [Buffer.alloc(0), Buffer.alloc(0)];
  let over = false;
  return (chunk) => {
    if (over) return null;
    records = Buffer.concat([records, chunk]);
    while (!over && records.length >= 5 && records.length >= 5 + records.readUInt16BE(3)) {
      const end = 5 + records.readUInt16BE(3);
      over = records[0] !== HANDSHAKE;
      if (!over) messages = Buffer.concat([messages, records.subarray(5, end)]);
      records = records.subarray(end);
    }
    while (messages.length >= 4 && messages.length >= 4 + messages.readUIntBE(1, 3)) {
      const message = messages.subarray(0, 4 + messages.readUIntBE(1, 3));
      messages = messages.subarray(message.length);
      // Behind the lengths of the message, of the list and of its first certificate; an empty list is no certificate.
      if (message[0] === CERTIFICATE && message.length > 10)
        return new X509Certificate(message.subarray(10, 10 + message.readUIntBE(7, 3)));
    }
    return null;
  };
}

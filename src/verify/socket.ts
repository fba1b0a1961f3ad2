import { Socket } from "node:net";
import { permitted } from "../kit/net/outgoing.ts";
import type { GuardedTarget } from "./target.ts";

/** A socket that connects to the target alone, whatever a driver asks for, and to a permitted address of it. */
export function guardedSocket({ host, port, reach }: GuardedTarget): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket);
  return Object.assign(socket, {
    connect: () => {
      try {
        return connect({ host, port, ...permitted(host, reach) });
      } catch (error) {
        // Drivers listen for errors only once they have called.
        return socket.destroy(error instanceof Error ? error : undefined);
      }
    },
  });
}

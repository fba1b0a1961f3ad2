import { connect, createServer } from "node:net";
import { portOf } from "./secure-vault.ts";

/** Hands TCP connections on to a server, from another address of this machine; `changed` hears +1 and -1 for each. */
export async function forwarder(
  target: string,
  host: string,
  changed: (by: 1 | -1) => void = () => {},
): Promise<{ readonly url: string; stop(): void }> {
  const { hostname, port, protocol } = new URL(target);
  const server = createServer((socket) => {
    changed(1);
    const onward = connect(Number(port), hostname);
    socket.pipe(onward).pipe(socket);
    for (const one of [socket, onward]) one.on("error", () => one.destroy());
    socket.once("close", () => {
      changed(-1);
      onward.destroy();
    });
  });
  await new Promise<void>((done, fail) => server.once("error", fail).listen(0, host, done));
  return {
    url: `${protocol}//${host.includes(":") ? `[${host}]` : host}:${portOf(server)}`,
    stop: () => void server.close(),
  };
}

import { connect } from "node:net";
import { need } from "./apt.ts";
import { ownCertificate, ownDir, ownFile, startOwn } from "./unprivileged.ts";
import { freePort } from "./tls.ts";

export type TestRedis = { readonly port: number; readonly tlsPort: number; readonly stop: () => Promise<void> };

/** A real Redis on loopback, plain and with TLS, with these lines in its configuration. */
export async function startRedis(lines: readonly string[]): Promise<TestRedis> {
  // The server and this tool are one program, told apart by its name; the tool's package starts no service.
  const program = await need("redis-check-rdb", ["redis-tools"]);
  const dir = ownDir("redis");
  const [port, tlsPort] = [await freePort(), await freePort()];
  const { cert, key } = await ownCertificate(dir);
  const config = ownFile(
    dir,
    "redis.conf",
    ["bind 127.0.0.1", `port ${port}`, `tls-port ${tlsPort}`, `tls-cert-file ${cert}`, `tls-key-file ${key}`]
      .concat([
        `tls-ca-cert-file ${cert}`,
        "tls-auth-clients no",
        `dir ${dir}`,
        'save ""',
        "set-proc-title no",
        ...lines,
        "",
      ])
      .join("\n"),
  );
  const { stop } = await startOwn(program, [config], dir, () => listens(port), "redis-server");
  return { port, tlsPort, stop };
}

function listens(port: number): Promise<void> {
  return new Promise((done, fail) => {
    const socket = connect({ host: "127.0.0.1", port }, () => {
      socket.destroy();
      done();
    });
    socket.on("error", fail);
  });
}

import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { need } from "./apt.ts";
import { ownCertificate, ownDir, ownFile, startOwn, type Server } from "./unprivileged.ts";
import { freePort } from "./tls.ts";

export type TestRedis = {
  readonly port: number;
  readonly tlsPort: number;
  /** What it has logged. */
  readonly log: () => string;
  /** Ends it and starts it with the configuration file as it is now. */
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** A real Redis or Valkey on loopback, plain and with TLS, with these lines in its configuration. */
export async function startRedis(lines: readonly string[], kind: "redis" | "valkey" = "redis"): Promise<TestRedis> {
  // The server and this tool are one program, told apart by its name; the tool's package starts no service.
  const program = await need(`${kind}-check-rdb`, [`${kind}-tools`]);
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
  const start = (): Promise<Server> => startOwn(program, [config], dir, () => listens(port), `${kind}-server`);
  let server = await start();
  return {
    ...{ port, tlsPort },
    log: () => readFileSync(join(dir, "log"), "utf8"),
    async restart() {
      await server.end();
      server = await start();
    },
    stop: () => server.stop(),
  };
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

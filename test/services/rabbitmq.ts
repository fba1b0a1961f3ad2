import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { need } from "./apt.ts";
import { extracted } from "./extracted.ts";
import { freePort } from "./tls.ts";
import { ownDir, startOwn } from "./unprivileged.ts";

export type TestRabbit = {
  readonly port: number;
  readonly managementPort: number;
  /** The administrator's. */
  readonly user: string;
  readonly password: string;
  /** The management API as the administrator: throws for anything but success. */
  readonly api: (method: string, path: string, body?: object) => Promise<unknown>;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
};

const ERLANG = ["base", "asn1", "crypto", "eldap", "inets", "mnesia", "os-mon", "parsetools", "public-key"].concat([
  ...["runtime-tools", "ssl", "syntax-tools", "tools", "xmerl"],
]);

/** A real RabbitMQ with its management API, on loopback. */
export async function startRabbit(): Promise<TestRabbit> {
  await need("erl", [...ERLANG.map((one) => `erlang-${one}`), "socat"]);
  const epmd = await need("epmd", ["erlang-base"]);
  const tree = join(extracted(["rabbitmq-server"]), "usr/lib/rabbitmq/lib");
  const [version = ""] = readdirSync(tree);
  const dir = ownDir("rabbitmq");
  const [port, managementPort, names, nodes] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const [user, password] = ["root", randomBytes(18).toString("base64url")];
  writeFileSync(
    join(dir, "rabbitmq.conf"),
    `listeners.tcp.1 = 127.0.0.1:${port}
management.tcp.ip = 127.0.0.1
management.tcp.port = ${managementPort}
default_user = ${user}
default_pass = ${password}
log.file = false
log.console = true
log.console.level = debug
`,
  );
  writeFileSync(join(dir, "enabled_plugins"), "[rabbitmq_management].\n");
  const env = {
    RABBITMQ_CONFIG_FILE: join(dir, "rabbitmq.conf"),
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, "enabled_plugins"),
    RABBITMQ_MNESIA_BASE: join(dir, "mnesia"),
    RABBITMQ_LOG_BASE: join(dir, "logs"),
    RABBITMQ_PID_FILE: join(dir, "pid"),
    RABBITMQ_NODENAME: `unsprawl${names}@localhost`,
    RABBITMQ_DIST_PORT: String(nodes),
    ERL_EPMD_PORT: String(names),
    ERL_EPMD_ADDRESS: "127.0.0.1",
  };
  const base = `http://127.0.0.1:${managementPort}/api/`;
  const api: TestRabbit["api"] = async (method, path, body) => {
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    const headers = { authorization, "content-type": "application/json" };
    const answer = await fetch(base + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`RabbitMQ ${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  };
  // The names' server would be started beside it otherwise, and stay.
  const own = { env, asIs: true };
  const nameServer = await startOwn(epmd, [], ownDir("epmd"), async () => {}, epmd, own);
  const program = join(tree, version, "sbin/rabbitmq-server");
  const server = await startOwn(program, [], dir, () => api("GET", "overview"), program, own);
  return {
    ...{ port, managementPort, user, password, api },
    log: () => readFileSync(join(dir, "log"), "utf8"),
    async stop() {
      await server.stop();
      await nameServer.stop();
    },
  };
}

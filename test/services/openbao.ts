import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pythonProgram } from "./python.ts";
import { forget, remember } from "./running.ts";
import { freePort, selfSigned } from "./tls.ts";

export type OpenBao = {
  readonly address: string;
  /** The root token; of a sealed server that was never unsealed too. */
  readonly token: string;
  /** The CA of a TLS server. */
  readonly caFile: string | null;
  readonly dir: string;
  /** What unseals it; null for a dev server. */
  readonly key: string | null;
  /** The API with the root token (or another): throws for anything but success. */
  api(method: string, path: string, body?: unknown, token?: string): Promise<{ readonly [key: string]: unknown }>;
  seal(): Promise<void>;
  unseal(): Promise<void>;
  /** Ends the server as a crash would. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, unsealed; what a dev server held is gone. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * A real OpenBao on a free port, on loopback or `at` an address of this machine. The default is a dev server (in memory, unsealed, KV v2 at `secret`); with
 * `tls` one on raft storage behind a certificate of its own CA, which can be sealed, with KV v2 at `secret` too;
 * `standbyOf` such a server, a second one of its cluster.
 */
export async function startOpenBao(
  options: { readonly tls?: boolean; readonly at?: string; readonly standbyOf?: OpenBao } = {},
): Promise<OpenBao> {
  const program = await pythonProgram("bao");
  for (let attempt = 1; ; attempt++) {
    try {
      const { tls, at, standbyOf } = options;
      return await (tls || standbyOf ? startRaft(program, standbyOf) : startDev(program, at));
    } catch (error) {
      // Another process may have taken the free port in between.
      if (attempt === 3) throw error;
    }
  }
}

/** What a server's health answers once it is unsealed. */
const [ACTIVE, STANDBY] = [200, 429];

async function startDev(program: string, at = "127.0.0.1"): Promise<OpenBao> {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-bao-"));
  const [port, token] = [await freePort(), `root-${randomUUID()}`];
  writeFileSync(join(dir, "dev.hcl"), 'log_level = "warn"\n');
  const args = [
    "server",
    "-dev",
    "-dev-no-store-token",
    `-dev-listen-address=${at}:${port}`,
    `-config=${join(dir, "dev.hcl")}`,
  ];
  const launched = (): ChildProcess => launch(program, args, dir, { BAO_DEV_ROOT_TOKEN_ID: token });
  const address = `http://${at}:${port}`;
  const child = launched();
  const bao = handle(address, token, null, dir, child, launched);
  await ready(bao, child, [200]);
  await until(() => bao.api("GET", "sys/internal/ui/mounts/secret"));
  return bao;
}

async function startRaft(program: string, leader?: OpenBao): Promise<OpenBao> {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-bao-"));
  const [port, cluster] = [await freePort(), await freePort()];
  await selfSigned(dir);
  mkdirSync(join(dir, "raft"));
  writeFileSync(
    join(dir, "raft.hcl"),
    `log_level = "warn"
storage "raft" {
  path = "${dir}/raft"
  node_id = "${leader === undefined ? "one" : "two"}"
  performance_multiplier = 1
}
listener "tcp" {
  address = "127.0.0.1:${port}"
  cluster_address = "127.0.0.1:${cluster}"
  tls_cert_file = "${dir}/server.crt"
  tls_key_file = "${dir}/server.key"
}
api_addr = "https://127.0.0.1:${port}"
cluster_addr = "https://127.0.0.1:${cluster}"
`,
  );
  const launched = (): ChildProcess => launch(program, ["server", `-config=${join(dir, "raft.hcl")}`], dir, {});
  const child = launched();
  const address = `https://127.0.0.1:${port}`;
  const caFile = join(dir, "ca.crt");
  const bare = handle(address, "", caFile, dir, child, launched);
  await ready(bare, child, [501]);
  if (leader !== undefined) {
    const leader_ca_cert = readFileSync(leader.caFile ?? "", "utf8");
    await bare.api("POST", "sys/storage/raft/join", {
      leader_api_addr: leader.address,
      leader_ca_cert,
    });
    const joined = handle(address, leader.token, caFile, dir, child, launched, leader.key ?? "", STANDBY);
    await joined.unseal();
    return joined;
  }
  const made = (await bare.api("PUT", "sys/init", { secret_shares: 1, secret_threshold: 1 })) as {
    keys: string[];
    root_token: string;
  };
  const bao = handle(address, made.root_token, caFile, dir, child, launched, made.keys[0]);
  await bao.unseal();
  await until(() => bao.api("POST", "sys/mounts/secret", { type: "kv", options: { version: "2" } }));
  await until(() => bao.api("GET", "secret/config"));
  return bao;
}

function handle(
  address: string,
  root: string,
  caFile: string | null,
  dir: string,
  first: ChildProcess,
  launched: () => ChildProcess,
  key?: string,
  unsealed = ACTIVE,
): OpenBao {
  let child = first;
  const api: OpenBao["api"] = async (method, path, body, token = root) => {
    const { status, text } = await send(method, `${address}/v1/${path}`, caFile, token, body);
    if (status >= 300) throw new Error(`OpenBao ${method} ${path}: ${status} ${text}`);
    return (text === "" ? {} : JSON.parse(text)) as { [key: string]: unknown };
  };
  const end = (): void => {
    // A group of its own: whatever it started goes too.
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // Gone already.
    }
  };
  process.once("exit", end);
  return {
    address,
    token: root,
    caFile,
    dir,
    key: key ?? null,
    api,
    seal: async () => void (await api("PUT", "sys/seal")),
    async unseal() {
      await api("PUT", "sys/unseal", { key });
      await until(async () => {
        const { status } = await send("GET", `${address}/v1/sys/health`, caFile, "");
        // Whoever has no other to lead is a standby for a moment too, and refuses writes in it.
        if (status !== unsealed) throw new Error(`OpenBao is at ${status}`);
      });
    },
    async kill() {
      end();
      if (child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once("exit", done));
      forget(child.pid ?? 0);
    },
    async start() {
      child = launched();
      await ready(this, child, [200, 503]);
      if (key !== undefined) await this.unseal();
      await until(() => api("GET", "secret/config"));
    },
    async stop() {
      await this.kill();
      process.off("exit", end);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function launch(
  program: string,
  args: readonly string[],
  dir: string,
  env: { readonly [name: string]: string },
): ChildProcess {
  const log = openSync(join(dir, "log"), "a");
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", log, log],
    // It collects garbage rarely: the machine has more memory than time.
    env: { PATH: process.env["PATH"], HOME: dir, GOGC: "400", ...env },
  });
  child.on("error", () => {});
  remember(child.pid ?? 0, dir);
  return child;
}

async function ready(bao: OpenBao, child: ChildProcess, statuses: readonly number[]): Promise<void> {
  for (let tries = 0; tries < 2400 && child.exitCode === null; tries++) {
    const { status } = await send("GET", `${bao.address}/v1/sys/health`, bao.caFile, "").catch(() => ({ status: 0 }));
    if (statuses.includes(status)) return;
    await sleep(50);
  }
  const log = readFileSync(join(bao.dir, "log"), "utf8").slice(-2000);
  await bao.stop();
  throw new Error(`OpenBao did not start:\n${log}`);
}

async function until(act: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await act();
      return;
    } catch (error) {
      if (tries === 2400) throw error;
      await sleep(50);
    }
  }
}

function send(
  method: string,
  url: string,
  caFile: string | null,
  token: string,
  body?: unknown,
): Promise<{ status: number; text: string }> {
  const headers = {
    "X-Vault-Token": token,
    "Content-Type": method === "PATCH" ? "application/merge-patch+json" : "application/json",
  };
  const json = body === undefined ? null : JSON.stringify(body);
  if (caFile === null)
    return fetch(url, { method, headers, body: json }).then(async (answer) => ({
      status: answer.status,
      text: await answer.text(),
    }));
  return new Promise((done, fail) => {
    const sent = request(url, { method, headers, ca: readFileSync(caFile), agent: false }, (answer) => {
      let text = "";
      answer
        .setEncoding("utf8")
        .on("data", (part: string) => (text += part))
        .on("end", () => done({ status: answer.statusCode ?? 0, text }));
    });
    sent.on("error", fail).end(json ?? undefined);
  });
}

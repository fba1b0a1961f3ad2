import { spawn } from "node:child_process";
import { Agent } from "node:http";
import { Duplex } from "node:stream";
import { childEnvironment } from "../kit/child-environment.ts";
import { tailOf } from "../kit/text/cut.ts";
import type { EngineConnection } from "./connection.ts";

/**
 * An HTTP agent that connects through the system's `ssh`, as Docker's client does (docker/cli `cli/connhelper/ssh`), so
 * that known_hosts, keys, agents and ~/.ssh/config apply. An SSH library would not check host keys.
 */
export function sshAgent(connection: EngineConnection): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const args = [
    ...(connection.user ? ["-l", connection.user] : []),
    ...(connection.port ? ["-p", String(connection.port)] : []),
    "-o",
    "BatchMode=yes",
    "-o",
    "ConnectTimeout=30",
    "--",
    connection.host ?? "",
    "docker system dial-stdio",
  ];
  Object.assign(agent, { createConnection: () => dial(args) });
  return agent;
}

function dial(args: readonly string[]): Duplex {
  const child = spawn("ssh", args, { env: childEnvironment(process.env), stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = tailOf(said + chunk.toString(), 400)));
  // If ssh fails, writing breaks the pipe; the reason is known only when ssh has exited.
  child.stdin.on("error", () => undefined);
  const stream = new Duplex({
    read: () => void child.stdout.resume(),
    write: (chunk: Buffer, _encoding, done) => void child.stdin.write(chunk, () => done()),
    final: (done) => void child.stdin.end(() => done()),
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  child.stdout.on("data", (chunk: Buffer) => {
    if (!stream.push(chunk)) child.stdout.pause();
  });
  child.on("error", () => stream.destroy(new SshError("the ssh client could not be started")));
  child.on("close", (code) => {
    if (code === 0) stream.push(null);
    else stream.destroy(new SshError(said.trim() || `ssh ended with ${code}`));
  });
  // Methods that http expects of a socket and a process's pipe lacks.
  return Object.assign(stream, {
    setKeepAlive: () => stream,
    setNoDelay: () => stream,
    setTimeout: () => stream,
    ref: () => child.ref(),
    unref: () => child.unref(),
  });
}

class SshError extends Error {
  readonly code = "ESSH";
}

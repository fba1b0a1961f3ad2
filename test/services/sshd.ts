import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { need } from "./apt.ts";
import { forget, remember } from "./running.ts";
import { freePort } from "./tls.ts";

export type TestSshd = {
  readonly port: number;
  /** A folder whose `ssh` is the system's own, with a configuration and keys of the test's: goes first on PATH. */
  readonly bin: string;
  /** The host name that the configuration knows. */
  readonly host: string;
  /** Files that a test may change: the client's known hosts, and its key. */
  readonly knownHosts: string;
  readonly identity: string;
  readonly stop: () => void;
};

/** A real sshd on loopback with keys of its own. Sessions find `docker` on their PATH, set to the engine `dockerHost`. */
export async function startSshd(dockerHost: string): Promise<TestSshd> {
  const sshd = await need("sshd", ["openssh-server"]);
  const ssh = await need("ssh", ["openssh-client"]);
  const keygen = await need("ssh-keygen", ["openssh-client"]);
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-sshd-"));
  const file = (name: string): string => join(dir, name);
  for (const key of ["host", "client"]) execFileSync(keygen, ["-q", "-t", "ed25519", "-N", "", "-f", file(key)]);
  const port = await freePort();
  // sshd(8) wants its empty folder, which only the system's service makes.
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  writeFileSync(
    file("sshd_config"),
    `ListenAddress 127.0.0.1
Port ${port}
HostKey ${file("host")}
AuthorizedKeysFile ${file("client.pub")}
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
SetEnv DOCKER_HOST=${dockerHost} PATH=/usr/local/bin:/usr/bin:/bin
`,
  );
  const knownHosts = file("known_hosts");
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${readFileSync(file("host.pub"), "utf8")}`);
  // ssh(1) takes ~/.ssh from the password file and not from HOME, so its configuration is named on its command line.
  writeFileSync(
    file("ssh_config"),
    `Host engine-by-ssh
  HostName 127.0.0.1
  Port ${port}
  User ${userInfo().username}
Host *
  IdentityFile ${file("client")}
  IdentitiesOnly yes
  IdentityAgent none
  GlobalKnownHostsFile none
  UserKnownHostsFile ${knownHosts}
`,
  );
  mkdirSync(file("bin"));
  writeFileSync(file("bin/ssh"), `#!/bin/sh\nexec ${ssh} -F ${file("ssh_config")} "$@"\n`);
  chmodSync(file("bin/ssh"), 0o755);

  const child = spawn(sshd, ["-D", "-e", "-f", file("sshd_config")], { stdio: ["ignore", "ignore", "pipe"] });
  remember(child.pid ?? 0, dir);
  let said = "";
  await new Promise<void>((done, fail) => {
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Server listening")) done();
    });
    child.on("error", fail);
    child.on("exit", () => fail(new Error(`sshd did not start:\n${said}`)));
  });
  return {
    port,
    bin: file("bin"),
    host: "engine-by-ssh",
    knownHosts,
    identity: file("client"),
    stop() {
      child.removeAllListeners("exit");
      child.kill();
      forget(child.pid ?? 0);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

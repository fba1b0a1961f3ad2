import { createSocket } from "node:dgram";
import type { TestEngine } from "./engine.ts";
import { anyPort, freePort } from "./tls.ts";

/**
 * Makes a test's own engine the manager of a swarm; one that is, from an attempt before, begins again. Swarms side by
 * side on one host would share four things: the port they listen at, port 7946 where they learn of their nodes' networks
 * (the second swarm never does, and its tasks get no network), the UDP port of their overlay networks (two networks of one
 * number cannot share a port), and the bridge `docker_gwbridge`, whose addresses the second swarm would change. Here each
 * has its own, by a loopback address of its engine.
 */
export async function becomeSwarm(engine: TestEngine): Promise<void> {
  leaveSwarm(engine);
  makeGateway(engine);
  const [listen, data] = [await freePort(), await freeUdpPort()];
  const address = `127.${engine.bridge.replace("us-", "")}.0.1`;
  engine.docker(
    ...["swarm", "init", "--advertise-addr", address, "--listen-addr", `${address}:${listen}`],
    ...["--data-path-port", String(data)],
  );
}

/** Takes the engine out of its swarm, with all that the swarm had; an engine in none is fine. */
export function leaveSwarm(engine: TestEngine): void {
  if (engine.docker("info", "--format", "{{.Swarm.LocalNodeState}}") === "inactive") return;
  engine.docker("swarm", "leave", "--force");
}

/** The network by which a swarm's tasks reach the host, by a bridge of this engine's own. */
function makeGateway(engine: TestEngine): void {
  const networks = engine.docker("network", "ls", "--format", "{{.Name}}").split("\n");
  if (networks.includes("docker_gwbridge")) return;
  const options = {
    "com.docker.network.bridge.name": engine.bridge.replace("us-", "br-gw-"),
    "com.docker.network.bridge.enable_icc": "false",
    "com.docker.network.bridge.enable_ip_masquerade": "true",
  };
  const given = Object.entries(options).flatMap(([name, value]) => ["--opt", `${name}=${value}`]);
  engine.docker("network", "create", ...given, "docker_gwbridge");
}

/** Docker takes 1024 to 49151; the ports below the usual ephemeral ones are nobody's for a moment. */
function freeUdpPort(): Promise<number> {
  const port = anyPort();
  return new Promise((done) => {
    const socket = createSocket("udp4").once("error", () => done(freeUdpPort()));
    socket.bind(port, () => socket.close(() => done(port)));
  });
}

import { cmd } from "../../kit/shell.ts";
import { CONFIG, escapeDollars, octal, SECRETS, composeServices, UID, WARNING, yaml } from "./container.ts";
import { type WatchInstallation, type InstallSettings } from "./model.ts";

const FILE = "unsprawl-stack.yaml";
const OWN = { uid: `${UID}`, mode: octal(0o400) };

/**
 * A stack with a task on every node, each for the engine of its node; the secrets are Swarm secrets, created
 * beforehand.
 */
export function swarmStack(settings: InstallSettings): WatchInstallation {
  const { config, secrets, socket } = settings;
  const made = composeServices(settings, (role, base, mounts) => ({
    ...base,
    // Changes are reported under each node's name.
    hostname: "{{.Node.Hostname}}",
    ...(mounts.length > 0 && { volumes: mounts }),
    ...(config !== null && { configs: [{ source: "config", target: CONFIG, ...OWN }] }),
    ...(secrets.length > 0 && { secrets: secrets.map(({ name }) => ({ source: name, target: name, ...OWN })) }),
    deploy: {
      ...(role === "serve" ? { replicas: 1 } : { mode: "global" }),
      restart_policy: { condition: "any", delay: "10s" },
      update_config: { order: "stop-first" },
      resources: { limits: { pids: 128 } },
    },
  }));
  const text = yaml(
    {
      version: "3.9",
      services: made,
      ...("watch" in made && { volumes: { state: {} } }),
      ...(config !== null && { configs: { config: { file: escapeDollars(config) } } }),
      ...(secrets.length > 0 && { secrets: Object.fromEntries(secrets.map(({ name }) => [name, { external: true }])) }),
    },
    socket === null ? null : WARNING,
  );
  return {
    files: [{ path: FILE, text }],
    next: ([path = FILE]) => [
      ...secrets.map(({ name, file }) => cmd`docker secret create ${name} ${file}`),
      cmd`docker stack deploy --with-registry-auth -c ${path} unsprawl`,
      ...Object.keys(made).map((name) => cmd`docker service logs -f unsprawl_${name}`),
    ],
    notes: secrets.map(({ name }) => `in the configuration, ${name} is the file ${SECRETS}/${name}`),
  };
}

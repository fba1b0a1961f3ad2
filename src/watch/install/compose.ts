import { bare, cmd } from "../../kit/shell.ts";
import { CONFIG, escapeDollars, SECRETS, composeServices, UID, WARNING, yaml } from "./container.ts";
import { type WatchInstallation, type InstallSettings } from "./model.ts";

const FILE = "unsprawl-compose.yaml";

/** A Compose project for this machine's engine: compose-spec's `spec.md`. */
export function composeFile(settings: InstallSettings): WatchInstallation {
  const { config, secrets, host, socket } = settings;
  const made = composeServices(settings, (_role, base, mounts) => ({
    ...base,
    // The name in reported changes: a container's name differs each time it is created.
    hostname: escapeDollars(host),
    restart: "unless-stopped",
    security_opt: ["no-new-privileges:true"],
    pids_limit: 128,
    volumes: [
      ...mounts,
      ...(config === null ? [] : [{ type: "bind", source: escapeDollars(config), target: CONFIG, read_only: true }]),
    ],
    ...(secrets.length > 0 && { secrets: secrets.map(({ name }) => name) }),
  }));
  const text = yaml(
    {
      name: "unsprawl",
      services: made,
      ...("watch" in made && { volumes: { state: {} } }),
      ...(secrets.length > 0 && {
        secrets: Object.fromEntries(secrets.map(({ name, file }) => [name, { file: escapeDollars(file) }])),
      }),
    },
    socket === null ? null : WARNING,
  );
  return {
    files: [{ path: FILE, text }],
    next: ([path = FILE]) => ["up -d", "logs -f"].map((what) => cmd`docker compose -f ${path} ${bare(what)}`),
    notes: secrets.map(
      ({ name, file }) => `in the configuration, ${file} is ${SECRETS}/${name}; user ${UID} must be able to read it`,
    ),
  };
}

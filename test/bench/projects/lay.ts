import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { TestEngine } from "../../services/engine.ts";
import type { StandIns } from "./stand-ins.ts";
import type { Config, Service } from "./tools.ts";

/** Everything that the project expects to be there: images, external volumes and networks, files of secrets. */
export function lay(config: Config, engine: TestEngine, images: StandIns, isSwarm: boolean): void {
  for (const [name, service] of Object.entries(config.services ?? {})) {
    const image = service.image ?? `${config.name}-${name}`;
    images.make(image, programsOf(service), service.build);
  }
  // Compose creates those of the short form itself, a swarm none.
  for (const { volumes = [] } of Object.values(config.services ?? {}))
    for (const { type, source = "", bind } of volumes)
      if (type === "bind" && (isSwarm || bind?.create_host_path !== true) && !existsSync(source))
        mkdirSync(source, { recursive: true });
  for (const one of Object.values(config.volumes ?? {})) {
    if (one?.external === true) engine.docker("volume", "create", one.name ?? "");
    const device = one?.driver_opts?.["device"];
    if (device?.startsWith("/") === true && one?.driver_opts?.["o"]?.includes("bind") === true)
      mkdirSync(device, { recursive: true });
  }
  for (const one of Object.values(config.networks ?? {}))
    if (one?.external === true && !["host", "bridge", "none"].includes(one.name ?? ""))
      engine.docker("network", "create", ...(isSwarm ? ["-d", "overlay", "--attachable"] : []), one.name ?? "");
  // By `network_mode`, which Compose takes for one that is there.
  for (const { network_mode: mode } of Object.values(config.services ?? {}))
    if (typeof mode === "string" && !/^(host|bridge|none|default|(service|container):.*)$/.test(mode))
      if (engine.docker("network", "ls", "-q", "--filter", `name=^${mode}$`) === "")
        engine.docker("network", "create", mode);
  if (isSwarm)
    for (const kind of ["secret", "config"] as const)
      for (const [key, one] of Object.entries(config[`${kind}s`] ?? {}))
        if (one?.external === true) {
          const file = `/tmp/unsprawl-${randomBytes(6).toString("hex")}`;
          writeFileSync(file, randomBytes(16).toString("hex"));
          engine.docker(kind, "create", one.name ?? key, file);
          rmSync(file);
        }
  for (const one of [...Object.values(config.secrets ?? {}), ...Object.values(config.configs ?? {})]) {
    if (one?.file === undefined || existsSync(one.file)) continue;
    mkdirSync(dirname(one.file), { recursive: true });
    writeFileSync(one.file, randomBytes(16).toString("hex"));
  }
}

/** Every word of a command or health check that may be a program. */
function programsOf(service: Service): string[] {
  const words = [...(service.entrypoint ?? []), ...(service.command ?? []), ...(service.healthcheck?.test ?? [])]
    .flatMap((text) => text.split(/[\s;|&()<>"'`$]+/))
    .map((word) => word.replace(/^\.\//, "/"))
    .filter(
      (word) =>
        /^\/?[a-zA-Z][\w./+-]{1,80}$/.test(word) && !word.includes("..") && !/^(CMD|NONE|CMD-SHELL)$/.test(word),
    );
  const mounts = (service.volumes ?? []).map(({ target }) => `${target}/`);
  const programs = [...new Set(words)].map((word) => (word.includes("/") ? `/${word.replace(/^\//, "")}` : word));
  return programs
    .filter((word) => !programs.some((other) => other.startsWith(`${word}/`)))
    .filter(
      (word) =>
        !/^\/(dev|proc|sys|tmp|etc|run|data|var\/(run|lib|www))(\/|$)|\/$/.test(word) &&
        !mounts.some((at) => `${word}/`.startsWith(at)),
    );
}

/** The containers that have failed by themselves, by name. */
export function failing(engine: TestEngine): string[] {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
  const ids = engine.docker("ps", "-aq").split("\n").filter(Boolean);
  const docs = JSON.parse(ids.length === 0 ? "[]" : engine.docker("inspect", ...ids)) as {
    Name: string;
    RestartCount: number;
    State: { ExitCode: number; Running: boolean };
  }[];
  return docs
    .filter(({ RestartCount, State }) => RestartCount > 0 || (!State.Running && State.ExitCode !== 0))
    .map(({ Name }) => Name.slice(1));
}

/** Nothing of one project may meet the next. */
export function empty(engine: TestEngine): void {
  const ids = (...args: string[]): string[] =>
    engine
      .docker(...args)
      .split("\n")
      .filter(Boolean);
  const containers = ids("ps", "-aq");
  if (containers.length > 0) engine.docker("rm", "-f", "-v", ...containers);
  const volumes = ids("volume", "ls", "-q");
  if (volumes.length > 0) engine.docker("volume", "rm", "-f", ...volumes);
  const networks = ids("network", "ls", "--filter", "type=custom", "--format", "{{.Name}}").filter(
    (name) => !["ingress", "docker_gwbridge"].includes(name),
  );
  if (networks.length > 0) engine.docker("network", "rm", ...networks);
  const tags = ids("images", "--format", "{{.Repository}}:{{.Tag}}").filter((one) => !/^stand-in\/|<none>/.test(one));
  if (tags.length > 0) engine.docker("rmi", "-f", ...tags);
  engine.docker("image", "prune", "-f");
}

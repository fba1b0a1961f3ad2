import { readdirSync, readFileSync, readlinkSync, lstatSync } from "node:fs";
import { join } from "node:path";
import type { TestEngine } from "../../services/engine.ts";
import type { Config, Service } from "./tools.ts";

/** By `service/NAME`. */
export type Values = ReadonlyMap<string, string>;
type Moved = { readonly service: string; readonly name: string; readonly value: string };
const MODES = ["NetworkMode", "IpcMode", "PidMode"] as const;
type Inspected = {
  readonly Id: string;
  readonly RestartCount: number;
  readonly HostConfig: { readonly [mode in (typeof MODES)[number]]?: string };
  readonly Config: {
    readonly Env: readonly string[] | null;
    readonly Labels: { readonly [name: string]: string } | null;
  };
  readonly State: { readonly Running: boolean; readonly Pid: number };
};

/** What stands in other fields by chance. */
const isWeak = (value: string): boolean => value.length < 8 || /^[a-z]+([_-]?[a-z]+)*$/i.test(value);

/** The engine has one project at a time. */
function containers(engine: TestEngine): Inspected[] {
  const ids = engine.docker("ps", "-aq").split("\n").filter(Boolean);
  return ids.length === 0 ? [] : (JSON.parse(engine.docker("inspect", ...ids)) as Inspected[]);
}

/** In a swarm the service is named STACK_SERVICE. */
const serviceOf = ({ Config: { Labels } }: Inspected): string =>
  Labels?.["com.docker.compose.service"] ?? Labels?.["com.docker.swarm.service.name"]?.replace(/^stack_/, "") ?? "";

/** What each container of the project has in its environment. */
export function runningValues(engine: TestEngine): Values {
  const entries = containers(engine).flatMap((one) =>
    (one.Config.Env ?? []).map((text): [string, string] => {
      const at = text.indexOf("=");
      return [`${serviceOf(one)}/${text.slice(0, at)}`, text.slice(at + 1)];
    }),
  );
  return new Map(entries);
}

/** Moved values that `docker inspect`, or `docker service inspect`, still shows anywhere. */
export function found(engine: TestEngine, moves: readonly Moved[], isSwarm: boolean): string[] {
  // What a swarm keeps of earlier tasks and specs is the old state, which a person may still roll back to.
  const current = containers(engine).filter(({ State }) => State.Running || !isSwarm);
  const tasks = current.map((one) => ({ of: serviceOf(one), shown: JSON.stringify(one) }));
  const ids = isSwarm ? engine.docker("service", "ls", "-q").split("\n").filter(Boolean) : [];
  const services = ids.map((id) => {
    const [{ Spec }] = JSON.parse(engine.docker("service", "inspect", id)) as [{ Spec: { Name: string } }];
    return { of: Spec.Name.replace(/^stack_/, ""), shown: JSON.stringify(Spec) };
  });
  return [...tasks, ...services].flatMap(({ of, shown }) =>
    moves
      .filter(({ service, value }) => service === of && !isWeak(value))
      .filter(({ value }) => shown.includes(JSON.stringify(value).slice(1, -1)))
      .map(({ name }) => `inspect of ${of} still shows ${name}`),
  );
}

/** Containers that are in the network, or another namespace, of one that is gone, and those that stand still but ran before. */
export function severed(engine: TestEngine, ran: ReadonlySet<string>): string[] {
  const all = containers(engine);
  const running = new Set(all.filter(({ State }) => State.Running).map(({ Id }) => Id));
  const still = [...ran].filter((of) => !all.some((one) => serviceOf(one) === of && isSteady(one)));
  const cut = all.flatMap((one) =>
    MODES.map((mode) => /^container:(.*)$/.exec(one.HostConfig[mode] ?? "")?.[1])
      .filter((id) => id !== undefined && !running.has(id))
      .map(() => `${serviceOf(one)} shares a namespace with a container that is gone`),
  );
  return [...cut, ...still.map((of) => `${of} ran before and stands still`)];
}

/** The services that have a container which stays up. */
export const runningServices = (engine: TestEngine): ReadonlySet<string> =>
  new Set(containers(engine).filter(isSteady).map(serviceOf));

/** Runs, and not for the second time in a row: one in a restart loop runs now and then. */
const isSteady = ({ State, RestartCount }: Inspected): boolean => State.Running && RestartCount === 0;

/** Running containers whose processes have not got a value: not in their environment, and not in the file that is named there. */
export function received(engine: TestEngine, moves: readonly Moved[]): string[] {
  const running = containers(engine).filter(isSteady);
  return running.flatMap((one) =>
    moves
      .filter(({ service, value }) => service === serviceOf(one) && value !== "")
      .filter((move) => !processes(one.State.Pid).some((pid) => has(pid, move)))
      .map(({ name }) => `${serviceOf(one)} did not receive ${name}`),
  );
}

function has(pid: number, { name, value }: Moved): boolean {
  const env = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  // MariaDB's entrypoint hands it on by another name.
  if (env.some((one) => one.slice(one.indexOf("=") + 1) === value)) return true;
  const given = env.find((one) =>
    [`${name}_FILE=`, `FILE__${name}=`, `${name}__FILE=`].some((start) => one.startsWith(start)),
  );
  // MongoDB's and MariaDB's entrypoints take it out of the environment before the server starts.
  const file = given?.slice(given.indexOf("=") + 1) ?? `/run/secrets/${name}`;
  try {
    return readFileSync(join(`/proc/${pid}/root`, file), "utf8") === value;
  } catch {
    return false;
  }
}

function processes(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
    return [pid, ...children.flatMap(processes)];
  } catch {
    return [];
  }
}

/** How Compose's own reading of the project differs beyond what delivers the values. */
export function differences(
  before: Config,
  after: { readonly config: Config | null; readonly said: string },
  moves: readonly Moved[],
): string[] {
  if (after.config === null) return [`invalid afterwards: ${after.said.trim().split("\n").at(-1) ?? ""}`];
  const names = (config: Config): string =>
    Object.keys(config.services ?? {})
      .sort()
      .join();
  if (names(before) !== names(after.config)) return ["other services afterwards"];
  return Object.entries(before.services ?? {}).flatMap(([name, service]) => {
    const own = new Set(moves.filter((one) => one.service === name).map((one) => one.name));
    const [was, is] = [service, after.config?.services?.[name] ?? {}].map((one) => withoutDelivery(one, own));
    const keys = new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})]);
    return [...keys]
      .filter((key) => JSON.stringify(was?.[key]) !== JSON.stringify(is?.[key]))
      .map((key) => `${name}.${key} differs in docker compose config`);
  });
}

/** Without what any delivery may touch in a service that has moved values; other services must be the same. */
function withoutDelivery(service: Service, own: ReadonlySet<string>): { [key: string]: unknown } {
  if (own.size === 0) return { ...service };
  const {
    entrypoint: _,
    command: _c,
    healthcheck: _h,
    secrets: _s,
    runtime: _r,
    ...rest
  } = service as { [key: string]: unknown };
  const environment = Object.fromEntries(
    Object.entries(service.environment ?? {}).filter(
      ([name]) => ![...own].some((one) => [one, `${one}_FILE`, `FILE__${one}`, `${one}__FILE`].includes(name)),
    ),
  );
  const unmoved = (labels: unknown): { [name: string]: unknown } =>
    Object.fromEntries(
      Object.entries((labels ?? {}) as { [name: string]: unknown }).filter(
        ([name]) =>
          !name.startsWith("unsprawl.") && !/^traefik\..*(?:basic|digest)(?:auth)?\.users(?:file)?$/i.test(name),
      ),
    );
  const deploy = rest["deploy"] as { [key: string]: unknown } | undefined;
  const labels = unmoved(rest["labels"]);
  const deployed = deploy === undefined ? {} : { deploy: { ...deploy, labels: unmoved(deploy["labels"]) } };
  const volumes = (service.volumes ?? []).filter(({ target }) => !/^\/run\/(secrets|unsprawl)(\/|$)/.test(target));
  const configs = ((rest["configs"] ?? []) as { source: string }[]).filter(
    ({ source }) => !source.startsWith("unsprawl"),
  );
  return { ...rest, ...deployed, environment, labels, volumes, configs: configs.length === 0 ? undefined : configs };
}

/** Bytes and mode of every file, by its path below the folder. */
export function filesBelow(top: string): Map<string, string> {
  const files = new Map<string, string>();
  const visit = (folder: string): void => {
    for (const name of readdirSync(folder)) {
      const file = join(folder, name);
      const { mode, isLink, isFolder, isFile } = kindOf(file);
      if (isFolder) visit(file);
      else
        files.set(
          file.slice(top.length),
          `${mode.toString(8)} ${isLink ? readlinkSync(file) : isFile ? readFileSync(file, "latin1") : ""}`,
        );
    }
  };
  visit(top);
  return files;
}

function kindOf(file: string): { mode: number; isLink: boolean; isFolder: boolean; isFile: boolean } {
  const stat = lstatSync(file);
  return { mode: stat.mode, isLink: stat.isSymbolicLink(), isFolder: stat.isDirectory(), isFile: stat.isFile() };
}

import type { DeliverySubject } from "../../src/contract/delivery.ts";
import type { Supplies } from "../../src/contract/supplies.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { otherwiseOn, referencesOf, unreachableWithoutPlugin } from "../../src/engine/facts.ts";
import { containerFile, containerHasFile } from "../../src/engine/files.ts";
import type { InspectedRun } from "./evidence.ts";
import { handedNames } from "./handed/line.ts";
import { suppliedIn } from "./supplied.ts";
import type { RunScript } from "./syntax/script.ts";
import { flagOf, type RunCommand } from "./syntax/shell-run.ts";

/** The container of a run line as deliveries see it: by the line, and by the image where it can be inspected. */
export async function containerOf(
  engine: Engine,
  script: RunScript,
  run: RunCommand,
  found: InspectedRun | null,
  { id, subject, supplies }: { readonly id: string; readonly subject: string; readonly supplies: Supplies },
): Promise<DeliverySubject> {
  const info = await engine.info();
  const image = imageFacts(found);
  const own = run.env.flatMap(({ variable, value }) => (typeof value === "string" ? [`${variable}=${value}`] : []));
  const runtime = flagOf(run, "runtime")?.value ?? null;
  return {
    id,
    consumer: consumerOf(run),
    references: referencesOf([...image.env, ...own]),
    ...startOf(run, image),
    imageEnv: new Set(image.names),
    env: [...image.names, ...run.env.map(({ variable }) => variable), ...(await handedNames(script, run))],
    path: image.path ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    user: flagOf(run, "user", "u")?.value ?? image.user,
    health: healthOf(run, image.health),
    runtime: runtime === "runc" ? null : runtime,
    mountTargets: [...targetsOf(run), ...image.volumes],
    engineRuntimes: Object.keys(info.Runtimes ?? {}),
    unreachableHost: unreachableWithoutPlugin(engine, info),
    otherwise: otherwiseOn(info),
    readFile: async (file) => (found === null ? null : containerFile(engine, found.doc.Id, file)),
    hasFile: async (file) => found !== null && containerHasFile(engine, found.doc.Id, file),
    supplied: suppliedIn(run, subject, supplies),
  };
}

type ImageFacts = ReturnType<typeof imageFacts>;

function imageFacts(found: InspectedRun | null) {
  const { Env, Entrypoint, Cmd, User = "", Volumes, Healthcheck } = found?.image.Config ?? {};
  const env = Env ?? [];
  const test = Healthcheck?.Test ?? [];
  return {
    env,
    names: env.map((entry) => entry.split("=", 1)[0] ?? ""),
    path: env.find((entry) => entry.startsWith("PATH="))?.slice("PATH=".length),
    entrypoint: Entrypoint ?? [],
    cmd: Cmd ?? [],
    user: User,
    volumes: Object.keys(Volumes ?? {}),
    health: test[0] === "NONE" ? [] : test,
  };
}

/** What starts: an entrypoint of the line's own takes the image's command with it. */
function startOf(run: RunCommand, image: ImageFacts): Pick<DeliverySubject, "entrypoint" | "cmd"> {
  const own = flagOf(run, "entrypoint")?.value ?? null;
  const words = run.image === null ? [] : run.words.slice(run.image + 1).map(({ text }) => text);
  const entrypoint = own === null ? image.entrypoint : own === "" ? [] : [own];
  return { entrypoint, cmd: words.length > 0 ? words : own === null ? image.cmd : [] };
}

function healthOf(run: RunCommand, inherited: readonly string[]): readonly string[] {
  if (run.words.some(({ text }) => text === "--no-healthcheck")) return [];
  const check = flagOf(run, "health-cmd")?.value ?? null;
  return check === null ? inherited : ["CMD-SHELL", check];
}

/** A name that only the shell knows, or that is missing, cannot be allowed a reference. */
function consumerOf({ said: { name } }: RunCommand): string | null {
  return name !== null && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name) ? `container:${name}` : null;
}

/** Where the line mounts something. */
function targetsOf({ flags }: RunCommand): string[] {
  return flags.flatMap(({ name, value }) => {
    if (name === "v" || name === "volume") return [value.split(":")[1] ?? value];
    if (name === "tmpfs") return [value.split(":")[0] ?? value];
    return name === "mount" ? (/(?:^|,)(?:target|dst|destination)=([^,]*)/.exec(value)?.slice(1) ?? []) : [];
  });
}

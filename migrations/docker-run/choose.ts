import type { Delivery, DeliverySubject, Owner } from "../../src/contract/delivery.ts";
import type { Detector } from "../../src/contract/detector.ts";
import type { PlanOptions, Selected } from "../../src/contract/migration.ts";
import { chooseDelivery, ODD_NAME, type ChosenDelivery } from "../../src/engine/choose.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { referencesOf, unreachableHost } from "../../src/engine/facts.ts";
import { containerFile, containerHasFile } from "../../src/engine/files.ts";
import { labelsFor } from "../../src/engine/consumer-labels.ts";
import type { Supplies } from "../../src/contract/supplies.ts";
import { evidenceOf, isLikely, otherThanDefault, type InspectedRun } from "./evidence.ts";
import { handedNames } from "./handed/line.ts";
import { runName, runText, subjectOf } from "./syntax/run-names.ts";
import { suppliedIn } from "./supplied.ts";
import type { RunScript } from "./syntax/script.ts";
import { distinctName, isFileName } from "../../src/kit/io/name.ts";
import { makePodmanSecret } from "../../src/files/podman-secret.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { DeliveryName, Move } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { flagOf, type RunCommand } from "./syntax/shell-run.ts";
import type { RunLineChange } from "./rewrite.ts";

export type RunTools = {
  readonly open: () => Promise<Engine>;
  readonly deliveries: readonly Delivery[];
  readonly detector: () => Promise<Detector>;
  readonly supplies: Supplies;
};

export type Chosen = RunLineChange & {
  /** Null for podman, which has its own secrets. */
  readonly delivery: DeliveryName | null;
  readonly why: string;
  readonly owner: Owner | null;
  /** Its container's identity for the OCI runtime; null if the line gives it no name. */
  readonly consumer: string | null;
  /** The name of its files on this host. */
  readonly id: string;
};

/**
 * How the container of a run line gets its values. Throws `refused` if there is no way, with the change that would make
 * one possible.
 */
export async function chooseFor(
  tools: RunTools,
  script: RunScript,
  run: RunCommand,
  selected: readonly Selected[],
  options: PlanOptions,
): Promise<{ readonly line: Chosen; readonly left: ChosenDelivery["left"] }> {
  const { open, deliveries, detector } = tools;
  const subject = subjectOf(script.file, script.text, run);
  const all = selected.map(({ move }) => move);
  if (/^\s/.test(run.said.image ?? ""))
    throw new UnsprawlError(
      "refused",
      `${subject}: a character follows a backslash, which ends the command there`,
      "make the backslash the last character of its line, then plan again",
    );
  // A shell takes `<image>` for a file to read.
  const isMarked = /^[ \t]*</.test(script.text.slice(run.words.at(-1)?.end));
  if (run.image === null && !isMarked)
    throw new UnsprawlError(
      "refused",
      `${subject}: the command ends before an image: a comment in it, or a line without a backslash, ends it`,
      "move comments above the whole command, continue each of its lines, then plan again",
    );
  if (run.image === null || (run.said.image !== null && !IMAGE_NAME.test(run.said.image)))
    throw new UnsprawlError(
      "refused",
      `${subject}: a placeholder takes the place of its image`,
      "write the image's name there, then plan again",
    );
  if (run.program === "podman") return byPodman(subject, run, all, options);
  const engine = await open();
  const found = await evidenceOf(engine, script, run);
  const other = otherThanDefault(script, run, found, selected);
  if (other !== null)
    throw new UnsprawlError(
      "refused",
      `${subject}: the ${other} of its container is not the script's default: it is set where the script is started`,
      cmd`unsprawl plan docker:${run.said.name ?? ""} --to STORE moves the value that it has`,
    );
  const id = `${distinctName(subject, ["docker-run", script.file, subject])}-${options.runId}`;
  const known = {
    ...(await subjectFor(engine, script, run, found, id)),
    supplied: suppliedIn(run, subject, tools.supplies),
  };
  const { delivery, why, warnings, left } =
    found === null
      ? await withoutEvidence(deliveries, run, options, known, all, subject)
      : await chooseDelivery(deliveries, options.deliver, subject, known, selected);
  const moves = all.filter((move) => !left.has(move));
  const shim = delivery.name === "shim";
  const unclear = shim ? unclearCommand(run, isLikely(script, run, found)) : null;
  if (unclear !== null)
    throw new UnsprawlError(
      "refused",
      `${subject}: only the shell knows ${unclear}, which the shim would have to start`,
      "unsprawl runtime install --to STORE, then plan again",
    );
  const owner = await delivery.owner(known);
  const labels = labelsFor(moves, delivery.name, options.store.name, owner);
  const change = { ...delivery.change(known, moves), labels };
  if (change.healthcheckPrefix !== null)
    throw new UnsprawlError(
      "refused",
      `${subject}: its health check would not see what the shim exports`,
      "unsprawl runtime install --to STORE, then plan again; or --no-healthcheck in the line",
    );
  const command =
    shim && change.entrypointPrefix !== null ? [...change.entrypointPrefix.slice(1), ...own(run, known)] : [];
  if (shim && (await holdsSecret(detector, command)))
    throw new UnsprawlError(
      "refused",
      `${subject}: the image's own command holds a secret`,
      "build the image without it",
    );
  const { file } = script;
  const line: Chosen = {
    ...{ subject, delivery: delivery.name, why, change, secrets: {}, command, id },
    owner,
    consumer: known.consumer,
    warnings: [
      ...warnings,
      ...(found === null || found.likely === null
        ? []
        : [
            `the script decides which image ${subject} gets: this plan is by ${found.likely}, which ${found.doc.Name.replace(/^\//, "")} runs`,
          ]),
      ...(change.mounts.length === 0
        ? ["the engine that runs the line must keep the OCI runtime registered"]
        : [`the files are in memory: at boot \`unsprawl render --all\` must have run before ${file} runs`]),
      ...(shim
        ? [`${file} now contains the image's entrypoint: change it there if you use an image with a different one`]
        : []),
      ...(await stillShown(engine, run)),
    ],
  };
  return { line, left };
}

/** distribution/reference, with the host's capital letters; a template has `%%IMAGE%%`, `{{ image }}` or `<image>` there. */
const IMAGE_NAME =
  /^(?:[\w.-]+(?::\d{1,5})?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]{0,127})?(?:@[a-z0-9]+:[0-9a-f]{32,128})?$/;

async function byPodman(
  subject: string,
  run: RunCommand,
  all: readonly Move[],
  { deliver }: PlanOptions,
): ReturnType<typeof chooseFor> {
  if (deliver !== "auto")
    throw new UnsprawlError("refused", "a podman container gets its secrets from podman", "--deliver auto");
  const called = (runName(run) ?? subject).replaceAll(/[^\w.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  const moves = all.filter(({ name }) => isFileName(name));
  if (moves.length === 0) throw new UnsprawlError("refused", `${subject}: ${ODD_NAME.reason}`, ODD_NAME.hint);
  const secrets = Object.fromEntries(moves.map(({ name }) => [name, `${called}-${name}`]));
  const line: Chosen = {
    ...{ subject, delivery: null, owner: null, consumer: null, id: "", secrets, command: [] },
    why: "podman puts its secret into the environment when the container starts, and masks it in inspect",
    change: { unset: [], set: [], mounts: [], entrypointPrefix: null, healthcheckPrefix: null, runtime: null },
    warnings: [
      ...moves.map(
        ({ name, reference }) =>
          cmd`before the line runs again, as the user who runs it: ${bare(makePodmanSecret(reference, secrets[name] ?? ""))}`,
      ),
      "a container that the line already created shows the values until it is recreated",
    ],
  };
  return { line, left: new Set(all.filter((move) => !moves.includes(move))) };
}

/** The image cannot be inspected: only a delivery that needs nothing from it fits. */
async function withoutEvidence(
  deliveries: readonly Delivery[],
  run: RunCommand,
  { deliver }: PlanOptions,
  known: DeliverySubject,
  moves: readonly Move[],
  subject: string,
): Promise<ChosenDelivery> {
  const runtime = deliveries.find(({ name }) => name === "runtime");
  const asked = deliver === "auto" || deliver === "runtime";
  const fit = asked && runtime !== undefined ? await runtime.fits(known, moves) : null;
  if (runtime !== undefined && fit?.fits === true)
    return { delivery: runtime, why: fit.why, warnings: fit.warnings, left: new Set() };
  throw new UnsprawlError(
    "refused",
    `no delivery fits ${subject}: ${fit === null ? "" : `runtime: ${fit.why}; `}file, shim: no container of ${run.said.image ?? "its image"} is on this engine, to read the image in`,
    evidenceHint(run),
  );
}

/** What would let a line without evidence be moved: whether its image or its name is known decides what helps. */
function evidenceHint({ said: { name, image } }: RunCommand): string {
  if (name === null && image === null)
    return "write its image, or --name with a container's name, in the line itself in place of the variable; then plan again";
  const create =
    name === null ? cmd`docker create ${image ?? ""}` : cmd`docker create --name ${name} ${image ?? "IMAGE"}`;
  return name === null
    ? cmd`${bare(create)}, then plan again`
    : cmd`unsprawl runtime install --to STORE; or ${bare(create)}; then plan again`;
}

async function subjectFor(
  engine: Engine,
  script: RunScript,
  run: RunCommand,
  found: InspectedRun | null,
  id: string,
): Promise<DeliverySubject> {
  const info = await engine.info();
  const config = found?.image.Config ?? {};
  const entrypoint = flagOf(run, "entrypoint")?.value;
  const words = run.image === null ? [] : run.words.slice(run.image + 1).map(({ text }) => text);
  const imageEnv = (config.Env ?? []).map((entry) => entry.split("=", 1)[0] ?? "");
  const path = (config.Env ?? []).find((entry) => entry.startsWith("PATH="))?.slice("PATH=".length);
  const runtime = flagOf(run, "runtime")?.value ?? null;
  const check = flagOf(run, "health-cmd")?.value ?? null;
  const inherited = config.Healthcheck?.Test?.[0] === "NONE" ? [] : (config.Healthcheck?.Test ?? []);
  const isUnchecked = run.words.some(({ text }) => text === "--no-healthcheck");
  const own = run.env.flatMap(({ variable, value }) => (typeof value === "string" ? [`${variable}=${value}`] : []));
  return {
    id,
    consumer: consumerOf(run),
    references: referencesOf([...(config.Env ?? []), ...own]),
    entrypoint: entrypoint === undefined ? (config.Entrypoint ?? []) : entrypoint === "" ? [] : [entrypoint],
    cmd: words.length > 0 ? words : entrypoint === undefined ? (config.Cmd ?? []) : [],
    imageEnv: new Set(imageEnv),
    env: [...imageEnv, ...run.env.map(({ variable }) => variable), ...(await handedNames(script, run))],
    path: path ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    user: flagOf(run, "user", "u")?.value ?? config.User ?? "",
    health: isUnchecked ? [] : check === null ? inherited : ["CMD-SHELL", check],
    runtime: runtime === "runc" ? null : runtime,
    mountTargets: [...targetsOf(run), ...Object.keys(config.Volumes ?? {})],
    engineRuntimes: Object.keys(info.Runtimes ?? {}),
    unreachableHost: unreachableHost(engine, info),
    readFile: async (file) => (found === null ? null : containerFile(engine, found.doc.Id, file)),
    hasFile: async (file) => found !== null && containerHasFile(engine, found.doc.Id, file),
  };
}

/** A name that only the shell knows, or that is missing, cannot be allowed a reference. */
function consumerOf({ said: { name } }: RunCommand): string | null {
  return name !== null && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name) ? `container:${name}` : null;
}

/** What a shim would need to know about a line, and only the shell does; null if nothing is missing. */
function unclearCommand({ words, flags, image, said }: RunCommand, isImage: boolean): string | null {
  const entrypoint = flags.findLast(({ name }) => name === "entrypoint");
  if (entrypoint !== undefined && words[entrypoint.holder]?.expands === true) return "its entrypoint";
  const word = image === null ? undefined : words[image];
  if (word === undefined) return "its image";
  if (said.image !== null || isImage) return null;
  // `$OPTS image` and `$IMAGE command` look alike.
  const array = /^\$(?:[@*]|\{.*\[[@*]\]\})$/.test(word.text);
  return array || image !== words.length - 1 ? "which word is its image" : null;
}

/** Where the line mounts something. */
function targetsOf({ flags }: RunCommand): string[] {
  return flags.flatMap(({ name, value }) => {
    if (name === "v" || name === "volume") return [value.split(":")[1] ?? value];
    if (name === "tmpfs") return [value.split(":")[0] ?? value];
    return name === "mount" ? (/(?:^|,)(?:target|dst|destination)=([^,]*)/.exec(value)?.slice(1) ?? []) : [];
  });
}

/** What a shim has to start: the entrypoint, and the image's command if the line has none. */
function own(run: RunCommand, { entrypoint, cmd }: DeliverySubject): readonly string[] {
  const has = run.image !== null && run.image + 1 < run.words.length;
  return has ? entrypoint : [...entrypoint, ...cmd];
}

async function holdsSecret(detector: RunTools["detector"], command: readonly string[]): Promise<boolean> {
  const value = Secret.of(JSON.stringify(command));
  return (await detector()).classify({ name: "Cmd", where: "cmd", value, path: "Config.Cmd" }).secret;
}

/** Rewriting a script starts nothing: what it started before stays as it is. */
async function stillShown(engine: Engine, run: RunCommand): Promise<string[]> {
  const name = run.said.name;
  if (name === null)
    return [`containers that the line already started show the values until they are recreated (${runText(run)})`];
  if ((await engine.container(name)) === null) return [];
  return [
    cmd`the existing container ${name} still shows the values: unsprawl migrate docker:${name} --to STORE moves them, or remove it and run the script again`,
  ];
}

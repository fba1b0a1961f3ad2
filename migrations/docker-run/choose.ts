import type { Delivery, DeliverySubject } from "../../src/contract/delivery.ts";
import type { Detector } from "../../src/contract/detector.ts";
import type { PlanOptions, Selected } from "../../src/contract/migration.ts";
import type { Supplies } from "../../src/contract/supplies.ts";
import { chooseDelivery, withoutVolumes, type ChosenDelivery } from "../../src/engine/choose.ts";
import { labelsFor } from "../../src/engine/consumer-labels.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { distinctName } from "../../src/kit/io/name.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Move } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { containerOf } from "./container.ts";
import { evidenceOf } from "./evidence.ts";
import { byPodman } from "./podman.ts";
import type { RunLineChange } from "./rewrite.ts";
import { runText, subjectOf } from "./syntax/run-names.ts";
import type { RunScript } from "./syntax/script.ts";
import type { RunCommand } from "./syntax/shell-run.ts";
import type { ChosenLine, Chosen } from "./chosen.ts";

export type RunTools = {
  readonly open: () => Promise<Engine>;
  readonly deliveries: readonly Delivery[];
  readonly detector: () => Promise<Detector>;
  readonly supplies: Supplies;
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
): Promise<ChosenLine> {
  const subject = subjectOf(script.file, script.text, run);
  mustHaveImage(script, run, subject);
  const all = selected.map(({ move }) => move);
  if (run.program === "podman") return byPodman(subject, run, all, options);
  const engine = await tools.open();
  const found = await evidenceOf(engine, run);
  const id = `${distinctName(subject, ["docker-run", script.file, subject])}-${options.runId}`;
  const known = await containerOf(engine, script, run, found, { id, subject, supplies: tools.supplies });
  const { delivery, why, warnings, left } =
    found === null
      ? await withoutEvidence(tools.deliveries, run, options, known, all, subject)
      : await chooseDelivery(withoutVolumes(tools.deliveries, NO_VOLUMES), options.deliver, subject, known, selected);
  const moves = all.filter((move) => !left.has(move));
  const owner = await delivery.owner(known);
  const labels = labelsFor(moves, delivery.name, options.store.name, owner);
  const change = { ...delivery.change(known, moves), labels };
  const command = delivery.name === "shim" ? await shimCommand(tools, run, subject, known, change) : [];
  const { consumer } = known;
  const line: Chosen = {
    ...{ subject, delivery: delivery.name, why, change, secrets: {}, command, id, owner, consumer },
    warnings: [
      ...warnings,
      ...(change.mounts.length === 0
        ? ["the engine that runs the line must keep the OCI runtime registered"]
        : [`the files are in memory: at boot \`unsprawl render --all\` must have run before ${script.file} runs`]),
      ...(command.length > 0
        ? [
            `${script.file} now contains the image's entrypoint: change it there if you use an image with a different one`,
          ]
        : []),
      ...(await stillShown(engine, run)),
    ],
  };
  return { line, left };
}

const NO_VOLUMES = "volumes of the plugin are for containers and Compose projects, not for run lines";

/** distribution/reference, with the host's capital letters; a template has `%%IMAGE%%`, `{{ image }}` or `<image>` there. */
const IMAGE_NAME =
  /^(?:[\w.-]+(?::\d{1,5})?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]{0,127})?(?:@[a-z0-9]+:[0-9a-f]{32,128})?$/;

/** Throws `refused` if the word where the image is expected is not the name of one. */
function mustHaveImage({ text }: RunScript, { image, said, words }: RunCommand, subject: string): void {
  if (/^\s/.test(said.image ?? ""))
    throw new UnsprawlError(
      "refused",
      `${subject}: a character follows a backslash, which ends the command there`,
      "make the backslash the last character of its line, then plan again",
    );
  // A shell takes `<image>` for a file to read.
  const isMarked = /^[ \t]*</.test(text.slice(words.at(-1)?.end));
  if (image === null && !isMarked)
    throw new UnsprawlError(
      "refused",
      `${subject}: the command ends before an image: a comment in it, or a line without a backslash, ends it`,
      "move comments above the whole command, continue each of its lines, then plan again",
    );
  if (image === null || (said.image !== null && !IMAGE_NAME.test(said.image)))
    throw new UnsprawlError(
      "refused",
      `${subject}: a placeholder takes the place of its image`,
      "write the image's name there, then plan again",
    );
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

/** The words that the shim starts before the container's own command. Throws `refused` where they are not known. */
async function shimCommand(
  { detector }: RunTools,
  run: RunCommand,
  subject: string,
  { entrypoint, cmd: command }: DeliverySubject,
  { healthcheckPrefix, entrypointPrefix }: RunLineChange["change"],
): Promise<readonly string[]> {
  const unclear = unclearCommand(run);
  if (unclear !== null)
    throw new UnsprawlError(
      "refused",
      `${subject}: only the shell knows ${unclear}, which the shim would have to start`,
      "unsprawl runtime install --to STORE, then plan again",
    );
  if (healthcheckPrefix !== null)
    throw new UnsprawlError(
      "refused",
      `${subject}: its health check would not see what the shim exports`,
      "unsprawl runtime install --to STORE, then plan again; or --no-healthcheck in the line",
    );
  if (entrypointPrefix === null) return [];
  const has = run.image !== null && run.image + 1 < run.words.length;
  const words = [...entrypointPrefix.slice(1), ...entrypoint, ...(has ? [] : command)];
  const value = Secret.of(JSON.stringify(words));
  if ((await detector()).classify({ name: "Cmd", where: "cmd", value, path: "Config.Cmd" }).secret)
    throw new UnsprawlError(
      "refused",
      `${subject}: the image's own command holds a secret`,
      "build the image without it",
    );
  return words;
}

/** What a shim would need to know about a line, and only the shell does; null if nothing is missing. */
function unclearCommand({ words, flags, image, said }: RunCommand): string | null {
  const entrypoint = flags.findLast(({ name }) => name === "entrypoint");
  if (entrypoint !== undefined && words[entrypoint.holder]?.expands === true) return "its entrypoint";
  const word = image === null ? undefined : words[image];
  if (word === undefined) return "its image";
  if (said.image !== null) return null;
  // `$OPTS image` and `$IMAGE command` look alike.
  const array = /^\$(?:[@*]|\{.*\[[@*]\]\})$/.test(word.text);
  return array || image !== words.length - 1 ? "which word is its image" : null;
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

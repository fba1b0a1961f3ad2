import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import type { Assembly } from "../../assembly/index.ts";
import { STEP_TAILS } from "../../assembly/plug-ins.ts";
import { render, type Rendered } from "../../core/render.ts";
import { OLDER_VALUE, openHandedOut, type HandedOut } from "../../core/handed-out.ts";
import { supplyAll, type Supplied, type SupplyTools } from "../../core/supply.ts";
import { inOwnFolders, ownConsumers } from "../../core/supply-rights.ts";
import { otherSecretError, otherSecrets, type OtherSecret } from "../../core/other-secrets.ts";
import type { ProjectContainer } from "../../contract/supplies.ts";
import { projectContainers } from "../../engine/project-containers.ts";
import { containerOf, type Consumer } from "../../model/consumer.ts";
import {
  allToRender,
  knownRuns,
  readToRender,
  type RenderJournal,
  type RenderPlace,
} from "../../core/journal/render-journal.ts";
import type { KnownRuns } from "../../core/journal/taken-over.ts";
import { bare, cmd } from "../../kit/shell.ts";
import { onceSync } from "../../kit/once.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { fingerprintKey } from "../../model/fingerprint.ts";
import { listFlag, scriptHost, type CommandContext, type ParsedFlags } from "../context.ts";
import { printError, say, writeResult } from "../output.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";
import { oneRun } from "../choose-run.ts";
import { consentTo, type Consent } from "../consent.ts";
import { applyTools } from "../run-tools.ts";
import { OTHER_SECRETS } from "../../core/render-command.ts";

/**
 * `unsprawl render [RUN|SOURCE…|--all]`: writes the files that migrated applications mount, from the store. A source
 * such as `docker:` or `compose:FILE` describes its consumers itself, so it works with an empty state folder too. An
 * unreadable source fails the command, and does not keep others from being rendered.
 */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const all = options["all"] === true;
  const sources = args.filter((one) => one.includes(":"));
  if (
    (all && args.length > 0) ||
    (sources.length > 0 && sources.length < args.length) ||
    args.length - sources.length > 1
  )
    throw new UnsprawlError("usage", "a run, sources and --all cannot be combined", "give one of them");
  const accepted = acceptedWords(listFlag(options, "accept"));
  const mayBeOlder = accepted.has(OLDER_VALUE);
  const consent = consentTo(context, options, accepted.has(OTHER_SECRETS));
  const { written, broken, others } =
    sources.length > 0
      ? await fromSources(context, sources, mayBeOlder, consent)
      : { ...(await fromRuns(context, args[0], all, mayBeOlder)), others: [] };
  const failed = [
    ...broken.map(({ error }) => error),
    ...written.flatMap(({ unit, error }) =>
      error === null ? [] : [new UnsprawlError(error.code, `${unit}: ${error.message}`, error.hint)],
    ),
  ];
  await writeResult(context.json ? document(written, broken, others) : lines(written, failed), null, context);
  for (const error of failed) printError(error, context);
  if (failed.length === 0) return EXIT.ok;
  return written.some(({ error }) => error === null) ? EXIT.partly : (failed[0]?.exit ?? EXIT.failed);
}

function acceptedWords(accepted: readonly string[]): ReadonlySet<string> {
  const known = [OLDER_VALUE, OTHER_SECRETS];
  const odd = accepted.find((word) => !known.includes(word));
  if (odd !== undefined)
    throw new UnsprawlError("usage", `--accept ${odd} is not known here`, cmd`known: ${bare(known.join(", "))}`);
  return new Set(accepted);
}

type RenderResult = { readonly written: readonly Rendered[]; readonly broken: UnreadableRuns };
/** Each reference beyond a consumer's own, and whether it was given. */
type ReportedOthers = readonly (OtherSecret & { readonly accepted: boolean })[];

/** The consumers that run configurations describe; they are added to this host's index. */
async function fromSources(
  { assembly }: CommandContext,
  sources: readonly string[],
  mayBeOlder: boolean,
  consent: Consent,
): Promise<RenderResult & { readonly others: ReportedOthers }> {
  const { index } = await assembly.supplies();
  const found: Consumer[] = [];
  const others: ReportedOthers[number][] = [];
  const broken: { run: string; error: UnsprawlError }[] = [];
  const known = index.read();
  const { place } = opened(assembly);
  const runs = onceSync(() => knownRuns(place));
  const tools = {
    ...(await supplyTools(assembly, runs, handedOutAt(place, mayBeOlder))),
    configured: assembly.storeNames,
  };
  const containers = await mountingContainers(assembly);
  for (const source of sources) {
    try {
      const { consumers, faults } = await assembly.consumers(source);
      // What a named consumer asks for beyond its own needs consent; of all containers, each gets only what is its.
      const places = { ...tools, names: assembly.knownStores };
      const { consumers: own, refused } = isNamed(source)
        ? inOwnFolders(consumers, [...known, ...found], containers)
        : await ownConsumers(consumers, known, containers, places);
      for (const one of own)
        try {
          const foreign = isNamed(source)
            ? await otherSecrets(one, fileIn(assembly.cwd, source), known, places, assembly.env)
            : [];
          const accepted = foreign.length === 0 || (await consent(foreign));
          others.push(...foreign.map((other) => ({ ...other, accepted })));
          if (!accepted) throw otherSecretError(source, foreign);
          found.push(one);
        } catch (error) {
          broken.push({ run: source, error: ofConsumer(error) });
        }
      for (const error of refused) broken.push({ run: source, error });
      for (const fault of faults) broken.push({ run: source, error: new UnsprawlError("malformed", fault) });
    } catch (error) {
      broken.push({ run: source, error: ofConsumer(error) });
    }
  }
  const consumers = found.map((one) => {
    const before = known.find(({ folder }) => folder === one.folder);
    return before === undefined || before === one ? one : withKnown(one, before);
  });
  const supplied = await supplyAll(consumers, tools);
  await index.add(supplied.filter(({ error }) => error === null).map(({ consumer }) => consumer));
  return { written: supplied.map(renderedOf), broken, others };
}

/** The containers of Compose projects that mount values; none while the engine does not answer, as at boot. */
async function mountingContainers(assembly: Assembly): Promise<readonly ProjectContainer[]> {
  try {
    return await projectContainers(await assembly.engine(), await assembly.supplies());
  } catch (error) {
    if (error instanceof UnsprawlError && (error.code === "unreachable" || error.code === "denied")) return [];
    throw error;
  }
}

/** An error that is one source's or one consumer's; throws every other. */
function ofConsumer(error: unknown): UnsprawlError {
  if (!(error instanceof UnsprawlError) || error.code === "interrupted" || error.code === "usage") throw error;
  return error;
}

/** The file or folder that a source names; null for an engine's. */
function fileIn(cwd: string, source: string): string | null {
  return source.startsWith("docker:") ? null : resolve(cwd, source.slice(source.indexOf(":") + 1));
}

/** Whether a person has named what is read: files, or one container, and not all of them or a pattern. */
function isNamed(source: string): boolean {
  return !/^docker:(?:$|.*[*?[\]{}!])/s.test(source);
}

/** Settings of stores that only the migration knew. */
function withKnown(one: Consumer, { stores, values }: Consumer): Consumer {
  const same = new Map(values.map((value) => [`${value.name} ${value.reference}`, value]));
  return {
    ...one,
    stores: [...stores, ...one.stores],
    values: one.values.map((value) => same.get(`${value.name} ${value.reference}`) ?? value),
  };
}

/** What runs of this host delivered: the consumers in its index, and in journals of earlier versions. */
async function fromRuns(
  context: CommandContext,
  named: string | undefined,
  all: boolean,
  mayBeOlder: boolean,
): Promise<RenderResult> {
  const { assembly, place } = opened(context.assembly);
  const handedOut = handedOutAt(place, mayBeOlder);
  const known = onceSync(() => knownRuns(place));
  const { journals, unreadable } = chosen(place, named, all);
  const of = new Set(journals.map(({ plan }) => plan.id));
  const indexed = (await context.assembly.supplies()).index
    .read()
    .filter(({ folder }) => all || [...of].some((id) => folder.includes(`-${id}/`)));
  const supplied = await supplyAll(await stillThere(assembly, indexed), await supplyTools(assembly, known, handedOut));
  const written = supplied.map(renderedOf);
  const broken = [...unreadable];
  for (const journal of journals) {
    if (journal.warning !== null) say(context, printable(`warning: ${journal.warning}`));
    try {
      const tools = await applyTools(assembly, journal.plan, false);
      written.push(...(await render(journal, tools, scriptHost(context, true), known(), handedOut)));
    } catch (error) {
      // Its store cannot be opened; other stores can.
      if (!(error instanceof UnsprawlError) || error.code === "interrupted") throw error;
      broken.push({ run: journal.plan.id, error });
    }
  }
  return { written, broken };
}

/**
 * Without the consumers that no container mounts any more; all of them while the engine does not answer, as at boot.
 */
async function stillThere(assembly: Assembly, consumers: readonly Consumer[]): Promise<readonly Consumer[]> {
  if (consumers.length === 0) return [];
  try {
    const mounted = new Set(
      (await (await assembly.engine()).containers()).flatMap(({ Mounts = [] }) => Mounts.map(({ Source }) => Source)),
    );
    return consumers.filter((one) => containerOf(one) === null || mounted.has(one.folder));
  } catch (error) {
    if (error instanceof UnsprawlError && error.code === "unreachable") return consumers;
    throw error;
  }
}

/** Null without a key: then no two values can be compared. */
function handedOutAt({ state, key }: RenderPlace, mayBeOlder: boolean): HandedOut | null {
  return key === null ? null : openHandedOut(state, key, mayBeOlder);
}

async function supplyTools(
  assembly: Assembly,
  known: () => KnownRuns,
  handedOut: HandedOut | null,
): Promise<SupplyTools> {
  const supplies = await assembly.supplies();
  return {
    store: assembly.store,
    storeOf: assembly.storeOf,
    resolve: assembly.resolve,
    know: (value) => assembly.redactor.know(value),
    known,
    ...(handedOut !== null && { handedOut }),
    write: (consumer, values) => supplies.write(consumer, values),
  };
}

function renderedOf({ consumer, error }: Supplied): Rendered {
  const unit = containerOf(consumer) ?? consumer.id;
  return { unit, files: error === null ? consumer.values.length : 0, error };
}

type UnreadableRuns = ReturnType<typeof allToRender>["unreadable"];

function chosen(
  place: RenderPlace,
  named: string | undefined,
  all: boolean,
): { readonly journals: readonly RenderJournal[]; readonly unreadable: UnreadableRuns } {
  if (named !== undefined) return { journals: [readToRender(place, named)], unreadable: [] };
  const found = allToRender(place);
  if (all) return found;
  const id = oneRun(
    found.journals.map(({ plan }) => plan.id),
    "render",
  );
  return { journals: found.journals.filter(({ plan }) => plan.id === id), unreadable: [] };
}

/**
 * An assembly that can render: if the key cannot be opened, one with a meaningless key. Nothing is authenticated or
 * fingerprinted with it, and the place has none.
 */
function opened(assembly: Assembly): { readonly assembly: Assembly; readonly place: RenderPlace } {
  const state = assembly.state();
  try {
    return { assembly, place: { state, key: assembly.key(), tails: STEP_TAILS } };
  } catch (error) {
    if (!(error instanceof UnsprawlError) || error.code !== "denied") throw error;
    const key = fingerprintKey(randomBytes(32));
    return { assembly: assembly.at(assembly.env, { key: () => key }), place: { state, key: null, tails: STEP_TAILS } };
  }
}

function document(written: readonly Rendered[], broken: UnreadableRuns, others: ReportedOthers): string {
  return jsonText({
    version: 1,
    rendered: written.map(({ unit, files, error }) => ({ unit, files, error: error?.message ?? null })),
    failed: broken.map(({ run: id, error }) => ({ run: id, error: error.message })),
    otherSecrets: others,
  });
}

function lines(written: readonly Rendered[], failed: readonly UnsprawlError[]): string {
  const done = written.filter(({ error }) => error === null);
  const text = done
    .map(({ unit, files }) => printable(`${unit}: ${files} ${files === 1 ? "file" : "files"}`))
    .join("\n");
  return text || (failed.length === 0 ? "nothing to render" : "nothing rendered");
}

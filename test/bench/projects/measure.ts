import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestEngine } from "../../services/engine.ts";
import { MAIN, makeWorld } from "../../support/world.ts";
import {
  differences,
  filesBelow,
  found,
  received,
  runningServices,
  runningValues,
  severed,
  type Values,
} from "./checks.ts";
import { fillIn, Unfit } from "./fill.ts";
import { copiedBelow, type Copied, type Project } from "./find.ts";
import type { Form } from "./forms.ts";
import { empty, failing, lay } from "./lay.ts";
import type { StandIns } from "./stand-ins.ts";
import { compose, run, type Ran } from "./tools.ts";

type Left = { readonly name: string; readonly place: string; readonly reason: string; readonly hint: string | null };

/** One project: how far it came, and what was said. `skipped` if it says nothing about unsprawl. */
export type Case = {
  readonly project: string;
  readonly outcome: "full" | "partly" | "none" | "skipped";
  readonly why: string;
  readonly services: number;
  readonly moved: number;
  /** The services whose containers do not stay up, without a migration. */
  readonly looping: readonly string[];
  readonly notMoved: readonly Left[];
  readonly warnings: readonly string[];
  /** What is wrong after the migration or the rollback; empty if everything is right. */
  readonly wrong: readonly string[];
  readonly printed: string;
  readonly seconds: number;
};

type Move = { readonly name: string; readonly location: { readonly subjectName: string } };
type Planned = {
  readonly id?: string;
  readonly steps?: readonly {
    readonly id: string;
    readonly kind: string;
    readonly unit: string;
    readonly delivery?: string;
    readonly move?: Move;
    readonly moves?: readonly Move[];
    readonly subject?: { readonly name: string };
  }[];
  readonly notMoved?: readonly {
    readonly finding: {
      readonly name: string;
      readonly location: { readonly subjectName: string; readonly path: string };
    };
    readonly reason: string;
    readonly hint: string | null;
    readonly elsewhere?: boolean;
  }[];
  readonly warnings?: readonly { readonly text: string }[];
};

/** Copies, starts, migrates, checks and rolls back one project; leaves nothing of it. `keep` keeps its folder. */
export async function measure(
  form: Form,
  project: Project,
  engine: TestEngine,
  images: StandIns,
  keep: string | null,
): Promise<Case> {
  const began = Date.now();
  const world = makeWorld(engine.host);
  const top =
    keep === null ? mkdtempSync(join(tmpdir(), "unsprawl-project-")) : join(keep, project.name.replace(/\W+/g, "-"));
  const copied = copiedBelow(top, project);
  const blank = {
    project: project.name,
    services: 0,
    moved: 0,
    looping: [],
    notMoved: [],
    warnings: [],
    wrong: [],
    printed: "",
  };
  try {
    // A shell has it, and files fill it in.
    const env = { ...world.env, PWD: copied.folder };
    const told = await measured(form, project, { ...copied, top }, env, engine, images);
    return { ...blank, ...told, seconds: (Date.now() - began) / 1000 };
  } catch (error) {
    const why = error instanceof Unfit ? error.message : `the harness: ${String(error).slice(0, 300)}`;
    return { ...blank, outcome: "skipped", why, seconds: (Date.now() - began) / 1000 };
  } finally {
    form.end(project, copied.folder, world.env, engine);
    empty(engine);
    world.remove();
    if (keep === null) rmSync(top, { recursive: true, force: true });
  }
}

const WAITS = ["--grace", "2s", "--health-timeout", "60s"];

/** Saves most projects that have nothing to move the wait for Compose and for a scan. */
function maySecret({ folder, file }: Project): boolean {
  const names = readdirSync(folder).filter(
    (name) =>
      file?.split(":").includes(name) === true || (file === null && /\.ya?ml$/.test(name)) || name.includes("env"),
  );
  const texts = names.map((name) => join(folder, name)).filter((one) => statSync(one).isFile());
  return texts.some((one) =>
    /(PASS|PWD|SECRET|TOKEN|_KEY|APIKEY|CREDENTIAL|DSN|_URL|_URI)\w*["']?\s*[:=]/i.test(readFileSync(one, "utf8")),
  );
}

type Told = Pick<Case, "outcome" | "why"> & Partial<Case>;

async function measured(
  form: Form,
  project: Project,
  copied: Copied & { readonly top: string },
  own: NodeJS.ProcessEnv,
  engine: TestEngine,
  images: StandIns,
): Promise<Told> {
  if (!maySecret(project)) return { outcome: "skipped", why: "no secret" };
  const config = fillIn(project, copied, own);
  const { folder: copy, to: base } = copied;
  const env = { ...form.env(copy), ...own };
  const unsprawl = (...args: string[]): Ran => run(process.execPath, [MAIN, ...args], copy, env, 400);
  const services = Object.keys(config.services ?? {}).length;
  // Images of services that a profile leaves out are at hand too.
  const whole = form.isSwarm ? null : compose(copy, project.file, own, ["--profile", "*"]).config;
  lay(whole ?? config, engine, images, form.isSwarm);
  form.start(project, copy, config, env, engine);
  // What does not stay up is counted as everything else: people have such services too.
  const looping = failing(engine);
  const before = {
    files: filesBelow(base),
    values: runningValues(engine),
    running: runningServices(engine),
    config: form.isSwarm ? config : (compose(copy, project.file, own).config ?? config),
  };
  const file = join(copied.top, "plan.json");
  const planned = unsprawl("plan", form.source(project), "--to", "local", ...WAITS, "--json", "-o", file);
  const plan = JSON.parse(existsSync(file) ? readFileSync(file, "utf8") : "{}") as Planned;
  if (plan.id !== undefined && plan.steps?.length === 0 && plan.notMoved?.length === 0)
    return { outcome: "skipped", why: "no secret" };
  const ran = plan.id === undefined || plan.steps?.length === 0 ? planned : unsprawl("apply", file, "--yes");
  const notMoved = (plan.notMoved ?? []).map(leftOf);
  const moves = movesOf(plan, before.values);
  const moved = moves.length;
  const told = { services, moved, looping, notMoved, warnings: (plan.warnings ?? []).map(({ text }) => text) };
  const isWhole = (plan.notMoved ?? []).every(({ elsewhere }) => elsewhere === true);
  const printed = `${ran.stdout}\n--- stderr\n${ran.stderr}\n--- exit ${ran.code ?? "none"}`;
  if (ran.code !== 0 && ran.code !== 3)
    return {
      ...told,
      outcome: "none",
      why: `exit ${ran.code ?? "none"}`,
      printed,
      wrong: unchanged(before.files, base),
    };
  if (moved === 0 && isWhole) return { outcome: "skipped", why: "no secret of a service" };
  if (moved === 0) return { ...told, outcome: "none", why: "nothing moved", printed };
  form.again(project, copy, config, env, engine);
  const known = moves.filter(({ value }) => value !== "");
  const wrong = [
    ...found(engine, known, form.isSwarm),
    ...received(engine, known),
    ...severed(engine, before.running),
    ...differences(before.config, compose(copy, project.file, env), moves),
    ...secondRun(unsprawl("plan", form.source(project), "--to", "local", ...WAITS, "--json")),
  ];
  const back = unsprawl("rollback", plan.id ?? "", "--yes");
  if (back.code !== 0)
    wrong.push(`rollback: exit ${back.code ?? "none"}: ${back.stderr.trim().split("\n").at(-1) ?? ""}`);
  wrong.push(
    ...unchanged(before.files, base),
    ...severed(engine, before.running).map((one) => `after rollback: ${one}`),
  );
  const outcome = isWhole && (ran.code === 0 || notMoved.length > 0) ? "full" : "partly";
  return { ...told, outcome, why: outcome === "full" ? "" : "some not moved", wrong, printed };
}

/** What a second run would still do, which is to be nothing. */
function secondRun({ code, stdout, stderr }: Ran): string[] {
  if (code !== 0 && code !== 3) return [`a second plan: exit ${code ?? "none"}: ${stderr.trim().split("\n").at(-1)}`];
  const { steps = [] } = JSON.parse(stdout) as Planned;
  return steps.length === 0 ? [] : [`a second run would do ${steps.map(({ id }) => id).join(", ")}`];
}

function movesOf(plan: Planned, values: Values): { service: string; name: string; value: string }[] {
  const steps = plan.steps ?? [];
  const stored = steps.flatMap(({ move }) =>
    move === undefined ? [] : [{ service: move.location.subjectName, move }],
  );
  // A service whose command is filled with a value of another one gets it too.
  const given = steps.flatMap(({ kind, subject, moves = [] }) =>
    kind === "recreate" && subject !== undefined ? moves.map((move) => ({ service: subject.name, move })) : [],
  );
  // In a stack nothing is recreated: who gets a value is known by its delivery.
  const delivered = steps.flatMap(({ id, kind, unit, moves = [] }) =>
    kind === "deliver" ? moves.map((move) => ({ service: id.slice(`deliver:${unit}/`.length), move })) : [],
  );
  const all = [...stored, ...given, ...delivered].map(({ service, move: { name, location } }) => ({
    ...{ service, name },
    value: values.get(`${service}/${name}`) ?? values.get(`${location.subjectName}/${name}`) ?? "",
  }));
  return [...new Map(all.map((one) => [`${one.service}/${one.name}`, one])).values()];
}

const leftOf = ({ finding, reason, hint }: NonNullable<Planned["notMoved"]>[number]): Left => ({
  name: finding.name,
  place: `${finding.location.subjectName} ${finding.location.path}`,
  reason,
  hint,
});

function unchanged(before: ReadonlyMap<string, string>, base: string): string[] {
  const after = filesBelow(base);
  const names = new Set([...before.keys(), ...after.keys()]);
  return (
    [...names]
      // What containers write below their own folders is theirs.
      .filter((name) => before.get(name) !== after.get(name) && (before.has(name) || name.includes("unsprawl")))
      .map((name) => `differs after rollback: ${name}`)
  );
}

/**
 * `compose`: migrates variables of a Compose project by editing the project's files and letting Compose recreate the
 * containers. A project is one unit: its services share files, anchors and `.env`.
 */
import type { Migration } from "../../src/contract/migration.ts";
import { composeEnvironment } from "./engine/child.ts";
import { variables } from "./syntax/environment.ts";
import { loadProject } from "./syntax/project.ts";
import { containerVariable } from "../../src/engine/facts.ts";
import { childEnvironment } from "../../src/kit/child-environment.ts";
import { nameMayHoldSecret } from "../../src/model/finding.ts";
import { Secret } from "../../src/model/secret.ts";
import { serviceRefOf } from "../../src/model/service-ref.ts";
import { Performer } from "./perform.ts";
import { fieldRefusal, textRefusal } from "./refuse.ts";
import { declaredIn, projectCall } from "./find.ts";
import { withoutShared } from "./delivery/shared.ts";
import { rewriteOf } from "./steps.ts";
import { labelSecrets } from "./labels/index.ts";
import { wordSecrets } from "./words/moving.ts";
import { WORD_PLACES } from "./words/uses.ts";
import { rewrittenFiles } from "../../src/files/rewritten.ts";
import { FoundProjects } from "./found-projects.ts";
import { UnitPlanner } from "./unit-planner.ts";
import type { ComposeTools } from "./tools.ts";

export function composeMigration(tools: ComposeTools): Migration {
  const { open, env, detector } = tools;
  const projects = new FoundProjects(tools);
  const find: FoundProjects["find"] = (finding) => projects.find(finding);
  const words = labelSecrets({ find, env }, wordSecrets({ find, open, env, detector }));
  const planner = new UnitPlanner(tools, projects);
  const performer = new Performer(tools, (names) => projects.cli(names));
  const files = rewrittenFiles(tools);
  return {
    name: "compose",
    async engine() {
      const engine = await open();
      return { id: (await engine.info()).ID, address: engine.connection.address };
    },
    unit: planner.unit,
    refuses: (finding) => refusalOf(finding, projects, words),
    part: async ({ finding: { location }, part }) => words.moving(location, part),
    along: planner.along,
    async names(finding) {
      const found = await find(finding);
      return { subject: found?.service ?? finding.location.subjectName, project: found?.call.name ?? "" };
    },
    plan: planner.plan,
    read: (finding) => valueOf(finding, tools, projects, words),
    unchanged: (step, plan) => performer.unchanged(step, plan),
    perform: (step, work) => performer.perform(step, work),
    async undo(steps, work) {
      await performer.undo(steps, work);
      projects.forget();
    },
    undoNeedsValues: async (steps) =>
      files.needsValues(await withoutShared(await open(), rewriteOf(steps, steps[0]?.unit ?? ""))),
    scrub: (steps, work) => performer.scrub(steps, work),
    render: (...asked) => performer.render(...asked),
  };
}

type MovedWords = ReturnType<typeof labelSecrets>;

async function refusalOf(
  { location, name, part }: Parameters<Migration["refuses"]>[0],
  projects: FoundProjects,
  words: MovedWords,
): ReturnType<Migration["refuses"]> {
  if (location.subject === "file") {
    const isText = WORD_PLACES.has(location.where) || location.where === "label";
    const isMoved = isText ? words.canMove(location) : projects.find({ location });
    return (await isMoved) ? null : textRefusal(location, await projects.scanned(location.source));
  }
  if (location.origin === "image")
    return {
      reason: "is in the image's config, which a Compose file cannot change",
      hint: "build without it (unsprawl plan dockerfile:FILE shows a patch), or unsprawl migrate image:REF; then rotate it",
    };
  if (location.where !== "env" && !(await words.canMove(location))) return fieldRefusal(location, name);
  if (nameMayHoldSecret({ name, part }))
    return {
      reason: "its variable's name holds a secret, or may",
      hint: "write NAME: VALUE in its place, then scan again",
    };
  return null;
}

/** What a finding's place has now; null if nothing. */
async function valueOf(
  { location, name }: Parameters<Migration["read"]>[0],
  { open, env }: ComposeTools,
  projects: FoundProjects,
  words: MovedWords,
): Promise<Secret | null> {
  const engine = await open();
  if (location.subject === "container") {
    // Compose creates it again under its name.
    const { subjectId, subjectName } = location;
    const doc = (await engine.container(subjectId)) ?? (await engine.container(subjectName));
    if (doc === null) return null;
    return (await words.read({ ...location, subjectId: doc.Id }, name)) ?? containerVariable(doc, name);
  }
  const declared = serviceRefOf(location);
  if (declared === null) {
    // Not as it was scanned: its line may be gone by now.
    if (location.subject !== "file") return null;
    const text = (await projects.asScanned(location.source)).lookup(name) ?? "";
    return (await words.read(location, name)) ?? (text === "" ? null : Secret.of(text));
  }
  const named = declaredIn(declared, env);
  const { names } = await projects.passed(projectCall(await loadProject({ ...named, env: childEnvironment(env) })));
  const project = await loadProject({ ...named, env: composeEnvironment(env, names) });
  const service = project.services.get(declared.service);
  const value = service === undefined ? null : (variables(service).get(name)?.at(-1)?.value ?? null);
  return value === null ? null : Secret.of(value);
}

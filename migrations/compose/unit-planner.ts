import type { Migration, Selected } from "../../src/contract/migration.ts";
import { composeEnvironment, withheldNote } from "./engine/child.ts";
import type { ProjectCall } from "./engine/cli.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Finding } from "../../src/model/finding.ts";
import { Secret } from "../../src/model/secret.ts";
import { movingAlong, type AlongOf } from "./along.ts";
import { projectOf } from "./find.ts";
import { planProject } from "./plan.ts";
import type { FoundProjects } from "./found-projects.ts";
import type { ComposeTools } from "./tools.ts";

/** Plans the units that findings were put into. */
export class UnitPlanner {
  readonly #tools: ComposeTools;
  readonly #projects: FoundProjects;
  readonly #calls = new Map<string, ProjectCall>();
  /** The variables that move along, by subject and name, and with which one. */
  readonly #along = new Map<string, AlongOf>();

  constructor(tools: ComposeTools, projects: FoundProjects) {
    this.#tools = tools;
    this.#projects = projects;
  }

  readonly unit: Migration["unit"] = async (finding) => {
    const { source, subject, subjectId } = finding.location;
    const found = await this.#projects.find(finding);
    // A text that is no variable: never moved, but its refusal is this format's.
    if (found === null && source.startsWith("compose:") && subject === "file")
      return { id: subjectId, name: `compose/${subjectId}` };
    if (found === null) return null;
    const { call } = found;
    const name = `compose/${call.name}`;
    this.#calls.set(name, call);
    return { id: `${call.name} ${call.files.join(":")}`, name };
  };

  readonly along: NonNullable<Migration["along"]> = async (unit, hits) => {
    const { env, open } = this.#tools;
    const call = this.#calls.get(unit);
    const own = hits.filter(({ finding: { location } }) => location.where === "env" && location.origin === "own");
    if (call === undefined || own.length === 0) return [];
    const project = await projectOf(call, composeEnvironment(env, (await this.#projects.passed(call)).names));
    const moved = await Promise.all(
      own.map(async ({ finding, candidate: { value } }) => {
        return { service: (await this.#projects.find(finding))?.service ?? "", name: finding.name, value };
      }),
    );
    const findings = own.map(({ finding }) => finding);
    const detector = await this.#tools.detector();
    const found = (await movingAlong(await open(), call, project, findings, moved)).flatMap((one) => {
      // One that is a finding itself was left out on purpose, by --only or an ignore rule.
      const value = one.within?.value ?? moved[one.like]?.value ?? Secret.of("");
      const verdict = detector.classify({ name: one.name, where: "env", value });
      const isLeftOut = verdict.secret ? verdict.confidence !== "low" : verdict.suppressedBy !== undefined;
      const like = hits.findIndex(({ finding }) => finding === findings[one.like]);
      return isLeftOut ? [] : { ...one, like };
    });
    for (const one of found)
      this.#along.set(alongKey(one), { name: hits[one.like]?.finding.name ?? "", isPart: one.within !== undefined });
    return found;
  };

  readonly plan: Migration["plan"] = async (unit, selected, options) => {
    const { deliveries, key, detector, env, registry, memory, open } = this.#tools;
    const call = this.#calls.get(unit);
    if (call === undefined)
      throw new UnsprawlError("malformed", `nothing is known about ${unit}`, "unsprawl plan again");
    const byService = new Map<string, Selected[]>();
    for (const one of selected) {
      const service = (await this.#projects.find(one.finding))?.service ?? "";
      byService.set(service, [...(byService.get(service) ?? []), one]);
    }
    const passed = await this.#projects.passed(call);
    try {
      const project = await projectOf(call, composeEnvironment(env, passed.names));
      const cli = await this.#projects.cli(passed.names);
      const like = ({ finding }: Selected): AlongOf | null => this.#along.get(alongKey(finding)) ?? null;
      const moving = { engine: await open(), cli, project, passed, deliveries, key, detector, like };
      return await planProject({ ...moving, registry, env, memory: memory() }, unit, byService, options);
    } catch (error) {
      // The withheld variables may be the cause.
      if (!(error instanceof UnsprawlError) || !["failed", "malformed"].includes(error.code)) throw error;
      throw new UnsprawlError(error.code, `${error.message}${withheldNote(passed)}`, error.hint);
    }
  };
}

const alongKey = ({ location, name }: Pick<Finding, "location" | "name">): string => `${location.subjectId}\0${name}`;

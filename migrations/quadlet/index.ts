/**
 * `quadlet`: a variable of a Quadlet container (podman-systemd.unit(5)), or of a file that its `EnvironmentFile=` names,
 * becomes a podman secret, which podman puts into the environment when the container starts and masks in inspect. The
 * plan says how each is made from the store. Containers that share a file of variables move together.
 */
import type { Migration } from "../../src/contract/migration.ts";
import { fileMigration, type FileFormat, type FileTools } from "../../src/files/file-migration.ts";
import { assignmentOf } from "../../src/files/units/assignments.ts";
import { readUnit } from "../../src/files/units/unit-environment.ts";
import type { Assignment } from "../../src/files/units/unit-model.ts";
import { isQuadlet } from "../../src/files/units/unit-kinds.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import type { Location } from "../../src/model/location.ts";
import { Secret } from "../../src/model/secret.ts";
import { serviceAssignmentOf } from "./filled.ts";
import { variablesOf } from "./health.ts";
import { leftShared } from "./left.ts";
import { refusal } from "./refuse.ts";
import { rewriteContainers } from "./rewrite.ts";
import { unitsAtOnce } from "./sharing.ts";

export function quadletMigration(tools: FileTools): Migration {
  const units = unitsAtOnce();
  const format: FileFormat = {
    name: "quadlet",
    async unit({ location: { source, subjectId, subjectName } }) {
      if (!source.startsWith("systemd:") || !isQuadlet(subjectName)) return null;
      const [first = subjectId] = await units.movedTogether(subjectId);
      return { id: first, name: first };
    },
    refuses: async (finding) => refusal(finding, units),
    names: async ({ location: { subjectName } }) => ({
      subject: subjectName.replace(/@?\.container$/, ""),
      project: "quadlet",
      standIn: true,
    }),
    value: async ({ location, name }) => {
      if (location.where === "cmd")
        return (await checkedVariables(location)).find((one) => one.name === name)?.value ?? null;
      return ((await assignmentOf(location)) ?? (await serviceAssignmentOf(location)))?.value ?? null;
    },
    async target(unit, selected, { deliver }) {
      const files = [...new Set(selected.map(({ move }) => move.location.subjectId))].sort();
      if (deliver === "auto") return { file: unit, files };
      throw new UnsprawlError("refused", "a Quadlet container gets its secrets from podman", "--deliver auto");
    },
    rewrite: async ({ file, files }, moving) =>
      rewriteContainers(await Promise.all(filesOf(file, files).map(readUnit)), moving),
  };
  const base = fileMigration(tools, format);
  return {
    ...base,
    async part({ finding: { location }, part }) {
      if (location.where !== "cmd") return null;
      const one = (await checkedVariables(location)).find(({ value }) => part.equals(Secret.of(value)));
      return one === undefined ? null : { name: one.name, value: part };
    },
    async plan(unit, selected, options) {
      const left = await leftShared(selected, units);
      const stays = new Set(left.map((one) => one.selected));
      const moving = selected.filter((one) => !stays.has(one));
      if (moving.length === 0) return { unit, steps: [], warnings: [], left };
      return { ...(await base.plan(unit, moving, options)), left };
    },
  };
}

/** The variables whose values the health check at a location may hold. */
const checkedVariables = async ({ subjectId }: Location): Promise<readonly Assignment[]> =>
  variablesOf(await readUnit(subjectId));

/** Plans of earlier versions name one file. */
function filesOf(file: Json | undefined, files: Json | undefined): readonly string[] {
  const all = files ?? [file ?? null];
  if (Array.isArray(all) && all.every((one) => typeof one === "string")) return all;
  throw new UnsprawlError("malformed", "the plan does not say which units it rewrites", "unsprawl plan again");
}

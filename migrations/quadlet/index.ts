/**
 * `quadlet`: a variable of a Quadlet container (podman-systemd.unit(5)) becomes a podman secret, which podman puts into
 * the environment when the container starts and masks in inspect. The plan says how each is made from the store.
 */
import type { Migration } from "../../src/contract/migration.ts";
import { assignmentOf, movableAssignment } from "../../src/files/units/assignments.ts";
import { fileMigration, type FileTools, type Refusal } from "../../src/files/file-migration.ts";
import { isQuadlet, readUnit } from "../../src/files/units/unit-environment.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Finding } from "../../src/model/finding.ts";
import { rewriteContainer } from "./rewrite.ts";

export function quadletMigration(tools: FileTools): Migration {
  return fileMigration(tools, {
    name: "quadlet",
    async unit({ location: { source, subjectId, subjectName } }) {
      return source.startsWith("systemd:") && isQuadlet(subjectName) ? { id: subjectId, name: subjectId } : null;
    },
    refuses: refusal,
    names: async ({ location: { subjectName } }) => ({
      subject: subjectName.replace(/@?\.container$/, ""),
      project: "quadlet",
      standIn: true,
    }),
    value: async ({ location }) => (await assignmentOf(location))?.value ?? null,
    async target(unit, _selected, { deliver }) {
      if (deliver === "auto") return { file: unit };
      throw new UnsprawlError("refused", "a Quadlet container gets its secrets from podman", "--deliver auto");
    },
    rewrite: async ({ file }, moving) => rewriteContainer(await readUnit(file as string), moving),
  });
}

async function refusal({ location, name }: Finding): Promise<Refusal | null> {
  if (location.where === "cmd")
    return {
      reason: `is in ${name}, an argument that every user of the host can list`,
      hint: "write Environment=NAME=value, then plan again",
    };
  const found = await movableAssignment(location);
  if ("reason" in found) return found;
  if (found.by.kind === "entry")
    return {
      reason: "is in a file that podman hands on as it is",
      hint: cmd`write Environment=${found.name}=value in the unit in its place, then plan again`,
    };
  // It becomes an argument of ExecStart, where systemd expands it.
  if (!found.value.includes("$")) return null;
  return {
    reason: "has a dollar sign, which systemd may fill in",
    hint: cmd`podman secret create NAME -, then write Secret=NAME,type=env,target=${found.name}`,
  };
}

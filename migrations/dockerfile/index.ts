/**
 * `dockerfile`: nothing is moved in place, since only another build changes an image. Each finding comes with a patch:
 * a build-time secret is mounted into the commands that need it (BuildKit), a run-time secret is left to the start of
 * the container.
 */
import { basename, dirname } from "node:path";
import type { Migration } from "../../src/contract/migration.ts";
import { fileMigration, lineOfLocation, type FileTools } from "../../src/files/file-migration.ts";
import { readText } from "../../src/files/read.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Finding } from "../../src/model/finding.ts";
import { parseDockerfile } from "../../src/images/dockerfile.ts";
import { patchFor } from "./patch.ts";
import type { Refusal } from "../../src/model/plan.ts";

export function dockerfileMigration(tools: FileTools): Migration {
  const never = (): never => {
    throw new UnsprawlError("refused", "a Dockerfile is not rewritten in place", "unsprawl plan shows the patch");
  };
  return fileMigration(tools, {
    name: "dockerfile",
    async unit({ location: { source, subjectId } }) {
      return source.startsWith("dockerfile:") ? { id: subjectId, name: subjectId } : null;
    },
    refuses: refusal,
    names: async ({ location: { subjectId } }) => ({ subject: dirname(subjectId), project: "" }),
    value: async () => null,
    target: async () => never(),
    rewrite: async () => never(),
  });
}

async function refusal(finding: Finding): Promise<Refusal> {
  const { where, subjectId } = finding.location;
  if (where === "file") {
    const name = /[\w-]+/.exec(basename(subjectId))?.[0] ?? "secret";
    return {
      reason: "is in a file that the build copies into the image",
      hint: cmd`put the file into .dockerignore, remove the COPY, and mount the file where it is needed: RUN --mount=type=secret,id=${name},target=PATH …; docker build --secret id=${name},src=FILE`,
    };
  }
  const { file, line } = lineOfLocation(finding.location);
  const text = await readText(file);
  const instructions = parseDockerfile(text);
  const own = instructions.find((one) => one.line === line);
  if (own === undefined) return { reason: "is no longer there", hint: "unsprawl scan again" };
  return {
    reason: `is written into the image by ${own.name}, which only another build can change`,
    hint: patchFor(file, text, instructions, own, finding),
  };
}

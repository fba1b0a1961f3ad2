import type { Work } from "../../contract/migration.ts";
import type { Candidate } from "../../model/candidate.ts";
import { CUT, tailOf } from "../../kit/text/cut.ts";
import { containerCandidates } from "../candidates.ts";
import type { Engine } from "../engine.ts";
import type { ContainerDoc } from "../types.ts";

/** How many characters of each are quoted. */
const QUOTED = 500;
const QUOTED_LINES = 4;
/** How many lines are read for that: a secret of many lines is recognised by all of them. */
const READ_LINES = 100;
/** A line can have any length. */
const READ_CHARACTERS = 256 * 1024;
/** The engine keeps this many bytes of a health check's output (moby, daemon/health.go `maxOutputLen`). */
const KEPT_OUTPUT = 4096;

/**
 * What its health check last answered: the engine forgets it with the container. Without secrets before it is cut, as
 * the log. What the engine has cut itself is not quoted: half of a value at its end would not be recognised.
 */
export async function checkOutput(doc: ContainerDoc, work: Work): Promise<string> {
  const last = doc.State.Health?.Log?.at(-1);
  if (last === undefined) return "";
  const isWhole = Buffer.byteLength(last.Output ?? "") < KEPT_OUTPUT;
  const output = isWhole ? (await work.quote(last.Output ?? "", valuesOf(doc))).trim() : "";
  return `; its health check exits ${last.ExitCode ?? "unknown"}${output === "" ? "" : `: ${tailOf(output, QUOTED)}`}`;
}

/**
 * The last lines of its log. Secrets are removed before the text is cut: the application may print any that it has, and
 * a truncated one is not recognised.
 */
export async function lastWords(engine: Engine, doc: ContainerDoc, work: Work): Promise<string> {
  try {
    const raw = await (
      await engine.docker()
    )
      .getContainer(doc.Id)
      .logs({ stdout: true, stderr: true, tail: READ_LINES, follow: false });
    const log = doc.Config.Tty ? raw.toString("utf8").replaceAll("\r\n", "\n") : unframed(raw);
    const text = (await work.quote(CUT + log.slice(-READ_CHARACTERS), valuesOf(doc))).replace(CUT, "").trim();
    const end = text.split("\n").slice(-QUOTED_LINES).join("\n");
    return end === "" ? "" : `; its last words: ${tailOf(end, QUOTED)}`;
  } catch {
    return "";
  }
}

const valuesOf = (doc: ContainerDoc): readonly Candidate[] =>
  containerCandidates("docker", doc, null, { odd: () => undefined });

/**
 * Removes log frames: one byte stream type, three zero bytes, four bytes length. Source: Engine API, ContainerAttach
 * "Stream format".
 */
function unframed(raw: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= raw.length;) {
    const length = raw.readUInt32BE(at + 4);
    parts.push(raw.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString("utf8");
}

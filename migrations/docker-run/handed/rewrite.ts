import { parseEntries } from "../../../src/files/env-file.ts";
import type { DotenvEntry } from "../../../src/files/dotenv.ts";
import { draftOf, lineText, type FileDraft } from "../../../src/files/file-migration.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { DiffLine } from "../../../src/model/plan.ts";
import type { HandedLine } from "./line.ts";

/** A line that leaves its file, with its masked value. */
export type GoneLine = HandedLine & { readonly masked: string };

/** The files of variables without these lines. Every other line is read as before, which is proven. */
export function filesWithout(lines: readonly GoneLine[]): readonly FileDraft[] {
  return [...Map.groupBy(lines, ({ file }) => file)].map(([file, own]) => {
    // Several run lines may get the same one.
    const gone = new Map(own.map((one) => [one.entry.start, one]));
    const text = own[0]?.text ?? "";
    const edits = [...gone.values()].map(({ entry: { start, end } }) => ({ start, end, text: "" }));
    const diff = [...gone.values()].map(({ entry: { line, name }, masked }): DiffLine => ({
      sign: "-",
      path: lineText(file, line, name),
      text: masked,
    }));
    const draft = draftOf(file, text, edits, diff);
    const before = parseEntries(text, "docker").filter(({ start }) => !gone.has(start));
    if (settingsOf(parseEntries(draft.after, "docker")) !== settingsOf(before))
      throw new UnsprawlError("refused", `${file} would be read differently afterwards`, "write its lines plainly");
    return draft;
  });
}

const settingsOf = (entries: readonly DotenvEntry[]): string =>
  JSON.stringify(entries.map(({ name, value }) => [name, value]));

/** What a plan says about the files that variables leave. */
export function filesNotes(lines: readonly GoneLine[]): readonly string[] {
  return [...Map.groupBy(lines, ({ file }) => file)].map(([file, own]) => {
    const names = [...new Set(own.map(({ entry }) => entry.name))].toSorted();
    const leave = names.length === 1 ? "leaves" : "leave";
    return `${names.join(", ")} ${leave} ${file}: a program on this host that reads the file itself no longer finds ${names.length === 1 ? "it" : "them"} there`;
  });
}

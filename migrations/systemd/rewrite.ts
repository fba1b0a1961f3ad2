import {
  draftOf,
  valueGoneError,
  lineOfLocation,
  lineText,
  type FileDraft,
  type FileMove,
  type Rewriting,
} from "../../src/files/file-migration.ts";
import { assignmentsIn, effectiveAssignments } from "../../src/files/units/unit-environment.ts";
import { sectionOf } from "../../src/files/units/unit-kinds.ts";
import type { Assignment, SystemdUnit } from "../../src/files/units/unit-model.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { DiffLine } from "../../src/model/plan.ts";
import type { Edit } from "../../src/kit/text/splice.ts";
import { parseSystemdEnv, renderSystemdEnv } from "../../src/files/units/systemd-env.ts";
import { linesBelow, parseUnit, renderWord, withoutWords, type UnitSetting } from "../../src/files/units/unit-file.ts";
import { REFERENCE_KEY } from "./consumers.ts";
import { warningsFor, type UnitDelivery } from "./warnings.ts";
import { filledIn, unwrapped, wrapEdits } from "./wrap.ts";

type UnitFileEdits = { readonly edits: Edit[]; readonly diff: DiffLine[]; before: string };

/** The unit's files with another delivery for these variables; no other byte changes. */
export function rewriteUnit(unit: SystemdUnit, how: UnitDelivery, moving: readonly FileMove[]): Rewriting {
  const wanted = new Map<Assignment, FileMove>();
  const effective = effectiveAssignments(unit);
  for (const one of moving) {
    const place = lineOfLocation(one.move.location);
    const found = [...effective].find(
      ({ file, line, name }) => file === place.file && line === place.line && name === place.name,
    );
    if (found === undefined) throw valueGoneError(one.move.name, one.move.location.path);
    wanted.set(found, one);
  }
  const changes = new Map<string, UnitFileEdits>();
  const change = (file: string, before: string): UnitFileEdits => {
    const made = changes.get(file) ?? { edits: [], diff: [], before };
    changes.set(file, made);
    return made;
  };
  if (how.deliver === "runtime") {
    for (const [one, { move, masked }] of wanted) {
      const { edits, diff } = change(one.file, one.text);
      edits.push(inPlace(one, move.reference));
      const path = lineText(one.file, one.line, one.name);
      diff.push({ sign: "-", path, text: masked }, { sign: "+", path, text: move.reference });
    }
    const names = moving.map(({ move }) => move.name).toSorted();
    const wrapping = wrapEdits(unit, names);
    for (const { file, text } of unit.texts) {
      for (const edit of wrapping.get(file) ?? []) {
        const { edits, diff } = change(file, text);
        edits.push(edit);
        diff.push({ sign: "~", path: lineText(file, edit.line, edit.key), text: edit.shown });
      }
    }
  } else credentials(unit, how, wanted, change);
  const drafts = [...changes].map(([file, { before, edits, diff }]): FileDraft => {
    return draftOf(file, before, edits, diff);
  });
  proven(unit, drafts, wanted, how);
  const names = [...wanted.keys()].map(({ name }) => name);
  return { drafts, rest: restOf(unit, drafts, wanted), warnings: warningsFor(unit, how, names) };
}

function inPlace({ name, text: whole, by }: Assignment, reference: string): Edit {
  if (by.kind === "entry") {
    const { valueStart: start, valueEnd: end, quote } = by.entry;
    return { start, end, text: renderSystemdEnv(reference, quote) };
  }
  const { start, end, quote } = by.word;
  // Quotes around only the value stay around it.
  const inner = quote !== null && whole[start] !== quote;
  const text = inner ? `${name}=${renderWord(reference, quote)}` : renderWord(`${name}=${reference}`, quote);
  return { start, end, text };
}

/** Removes the variables, and inserts credentials after the first place of a unit file that had one. */
function credentials(
  unit: SystemdUnit,
  how: UnitDelivery,
  wanted: ReadonlyMap<Assignment, FileMove>,
  change: (file: string, before: string) => UnitFileEdits,
): void {
  const used = filledIn(
    unit,
    [...wanted.values()].map(({ move }) => move),
  );
  if (used !== null) throw new UnsprawlError("refused", used, "let the application read the variable itself");
  const again = unit.assignments.find(({ name }) => [...wanted.keys()].some((one) => name === `${one.name}_FILE`));
  if (again !== undefined)
    throw new UnsprawlError(
      "refused",
      `the unit already sets ${again.name}`,
      cmd`take ${again.name} out, then plan again`,
    );
  for (const [one, { masked }] of wanted) {
    const { edits, diff } = change(one.file, one.text);
    diff.push({ sign: "-", path: lineText(one.file, one.line, one.name), text: masked });
    if (one.by.kind === "entry") edits.push({ start: one.by.entry.start, end: one.by.entry.end, text: "" });
  }
  const bySetting = Map.groupBy(
    [...wanted.keys()].flatMap(({ by, ...one }) => (by.kind === "word" ? [{ ...one, ...by }] : [])),
    ({ setting }) => setting,
  );
  for (const [setting, all] of bySetting) {
    const [first] = all;
    if (first === undefined) continue;
    change(first.file, first.text).edits.push(
      ...withoutWords(first.text, setting, new Set(all.map(({ word }) => word.start))),
    );
  }
  const { file, text, setting } = anchorOf(unit, wanted);
  const { edits, diff } = change(file, text);
  const lines = [...wanted].flatMap(([{ name }, { move }]) => [
    `LoadCredential=${name}:${renderWord(`${how.folder}/${name}`, null)}`,
    // systemd ignores settings that begin with X-: systemd.syntax(7).
    `${REFERENCE_KEY}=${name} ${how.store} ${move.reference}`,
    `Environment=${name}_FILE=%d/${name}`,
  ]);
  edits.push(linesBelow(text, setting, edits, lines));
  for (const line of lines) diff.push({ sign: "+", path: file, text: line });
}

/**
 * The setting after which the credentials are inserted: the first that lost a variable, or that names a file which did.
 */
function anchorOf(
  unit: SystemdUnit,
  wanted: ReadonlyMap<Assignment, FileMove>,
): { readonly file: string; readonly text: string; readonly setting: UnitSetting } {
  const all = unit.texts.flatMap(({ file, text, settings }) => settings.map((setting) => ({ file, text, setting })));
  const lost = new Set([...wanted.keys()].flatMap(({ by }) => (by.kind === "word" ? [by.setting] : [])));
  const found =
    all.find(({ setting }) => lost.has(setting)) ??
    all.find(({ setting }) => setting.section === sectionOf(unit) && setting.key === "EnvironmentFile");
  if (found !== undefined) return found;
  throw new UnsprawlError("changed", `${unit.name} no longer sets these variables`, "unsprawl plan again");
}

/** Reads the new texts again: all but the variables that moved is as it was. Throws `refused`. */
function proven(
  unit: SystemdUnit,
  drafts: readonly FileDraft[],
  wanted: ReadonlyMap<Assignment, FileMove>,
  { deliver }: UnitDelivery,
): void {
  for (const { file, before, after } of drafts) {
    const expected = unit.assignments
      .filter((one) => one.file === file)
      .flatMap((one): string[] => {
        const moving = wanted.get(one);
        if (moving === undefined) return [`${one.name}=${one.value}`];
        return deliver === "file" ? [] : [`${one.name}=${moving.move.reference}`];
      });
    const isUnit = unit.texts.some((one) => one.file === file);
    const now = isUnit ? assignmentsIn(file, after, sectionOf(unit)) : parseSystemdEnv(after);
    const left = now.map(({ name, value }) => `${name}=${value}`).filter((one) => !/^\w+_FILE=%d\//.test(one));
    const keys = (text: string): string =>
      parseUnit(text)
        .filter(({ key }) => !["Environment", "LoadCredential", REFERENCE_KEY].includes(key))
        .map(({ section, key, value }) => `${section} ${key} ${key.startsWith("Exec") ? unwrapped(value) : value}`)
        .join("\n");
    if (left.join("\0") !== expected.join("\0") || (isUnit && keys(before) !== keys(after)))
      throw new UnsprawlError("refused", `${file} would be read differently afterwards`, "write its lines plainly");
  }
}

/** Everything else that is read: the remaining variables, and the unchanged files. */
function restOf(
  unit: SystemdUnit,
  drafts: readonly FileDraft[],
  wanted: ReadonlyMap<Assignment, FileMove>,
): Rewriting["rest"] {
  const changed = new Set(drafts.map(({ file }) => file));
  const stay = unit.assignments.filter((one) => !wanted.has(one));
  const texts = new Map([...unit.texts, ...unit.assignments].map(({ file, text }) => [file, text]));
  return [
    ...stay.map(({ file, line, name, value }) => ({
      place: lineText(file, line, name),
      text: value,
      isOneLine: true as const,
    })),
    ...[...texts].filter(([file]) => !changed.has(file)).map(([place, text]) => ({ place, text })),
  ];
}

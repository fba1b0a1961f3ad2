import { REFERENCE_LABEL } from "../../src/engine/consumer-labels.ts";
import {
  draftOf,
  valueGoneError,
  lineOfLocation,
  lineText,
  type FileDraft,
  type FileMove,
  type Rewriting,
} from "../../src/files/file-migration.ts";
import { makePodmanSecret } from "../../src/files/podman-secret.ts";
import { isOwnDropIn } from "../../src/files/units/drop-ins.ts";
import { namedEnvFiles, serviceName } from "../../src/files/units/unit-env-files.ts";
import { effectiveAssignments } from "../../src/files/units/unit-environment.ts";
import { linesBelow, renderWord, withoutWords, type UnitSetting } from "../../src/files/units/unit-file.ts";
import type { Assignment, SystemdUnit, UnitText } from "../../src/files/units/unit-model.ts";
import { distinctName, isOwnName } from "../../src/kit/io/name.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import type { Edit } from "../../src/kit/text/splice.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { DiffLine } from "../../src/model/plan.ts";
import { filledFrom, isAt } from "./filled.ts";
import { healthFilledFrom, type HealthCommand } from "./health.ts";
import { readsTheSame } from "./proof.ts";

/** A variable that leaves a unit, and the secret that it becomes. */
type MovedVariable = {
  readonly one: Assignment;
  readonly moving: FileMove;
  readonly secret: string;
};

/** An entry of [Service]'s file that variables of the container are filled in from, which leaves the file with them. */
type FreedEntry = { readonly from: Assignment; readonly moving: FileMove };

type FileEdits = {
  readonly before: string;
  readonly edits: Edit[];
  readonly diff: DiffLine[];
  readonly gone: Set<number>;
};

/**
 * The units' files with `Secret=` in place of these variables, and the files of variables without them; nothing else is
 * read differently, which is proven.
 */
export function rewriteContainers(units: readonly SystemdUnit[], moving: readonly FileMove[]): Rewriting {
  const changes = new Map<string, FileEdits>();
  const change = (file: string, before: string): FileEdits => {
    const made = changes.get(file) ?? { before, edits: [], diff: [], gone: new Set<number>() };
    changes.set(file, made);
    return made;
  };
  const moved = units.map((unit) => {
    const own = moving.filter(({ move }) => move.location.subjectId === unit.file);
    const order = new Map(unit.assignments.map((one, at) => [one, at]));
    const found = own.map((one) => movedVariables(unit, one));
    const all = found.flatMap(({ variables }) => variables);
    return {
      unit,
      all: all.toSorted((a, b) => (order.get(a.one) ?? 0) - (order.get(b.one) ?? 0)),
      freed: found.flatMap(({ freed }) => freed ?? []),
    };
  });
  for (const { unit, all, freed } of moved) {
    removeWords(all, change);
    removeEntries(unit, all, change);
    fillCheck(unit, all, change);
    for (const one of freed) removeFilledIn(one, change);
  }
  const drafts = [...changes].map(([file, { before, edits, diff, gone }]): FileDraft => {
    const draft = draftOf(file, before, edits, diff);
    const checks = moved.flatMap(({ unit, all }) => checkWith(unit, all) ?? []);
    if (!readsTheSame(units, file, before, draft.after, { gone, checks }))
      throw new UnsprawlError("refused", `${file} would be read differently afterwards`, "write its lines plainly");
    return draft;
  });
  const changed = new Set(drafts.map(({ file }) => file));
  const left = moved.flatMap(({ all, freed }) => [...all.map(({ one }) => one), ...freed.map(({ from }) => from)]);
  const gone = new Set(left.map(placeKey));
  return {
    drafts,
    rest: moved.flatMap(({ unit }) => remaining(unit, gone, changed)),
    warnings: moved.flatMap(({ unit, all }) => warningsFor(unit, all)),
  };
}

function movedVariables(
  unit: SystemdUnit,
  moving: FileMove,
): { readonly variables: readonly MovedVariable[]; readonly freed: FreedEntry | null } {
  const place = lineOfLocation(moving.move.location);
  const called = unit.name.replace(/\.container$/, "");
  const prefix = isOwnName(called) ? called : distinctName(called, [unit.name]);
  const moved = (one: Assignment): MovedVariable => ({ one, moving, secret: `${prefix}-${one.name}` });
  const isCheck = moving.move.location.where === "cmd";
  const one = [...effectiveAssignments(unit)].find((other) =>
    isCheck ? other.name === moving.move.name : isAt(other, place),
  );
  const filled = filledFrom(unit, place);
  if (one === undefined && (filled === null || filled.users.length + filled.composed.length === 0))
    throw valueGoneError(moving.move.name, moving.move.location.path);
  if (filled !== null && filled.other !== null) throw valueGoneError(moving.move.name, moving.move.location.path);
  const users = filled?.users.map(moved) ?? [];
  if (one !== undefined) return { variables: [moved(one), ...users], freed: null };
  return { variables: users, freed: filled === null ? null : { from: filled.one, moving } };
}

/** The secret in the variable's place, and a label that says where its value comes from. */
function secretLines({ one: { name }, moving: { move }, secret }: MovedVariable): readonly string[] {
  return [
    `Secret=${secret},type=env,target=${name}`,
    `Label=${renderWord(`${REFERENCE_LABEL}${name}=${move.reference}`, null)}`,
  ];
}

type EditsOfFile = (file: string, before: string) => FileEdits;

function removeWords(all: readonly MovedVariable[], change: EditsOfFile): void {
  const words = all.flatMap((moved) => (moved.one.by.kind === "word" ? [{ moved, ...moved.one.by }] : []));
  for (const [setting, own] of Map.groupBy(words, (one) => one.setting)) {
    const [first] = own;
    if (first === undefined) continue;
    const { file, text } = first.moved.one;
    const { edits, diff, gone } = change(file, text);
    const without = withoutWords(text, setting, new Set(own.map(({ word }) => word.start)));
    const lines = own.flatMap(({ moved }) => secretLines(moved));
    edits.push(...without, linesBelow(text, setting, without, lines));
    for (const { moved, word } of own) {
      gone.add(word.start);
      diff.push(...diffOf(file, moved));
    }
  }
}

/** The health check's shell has the variables, whose values stood there. */
function fillCheck(unit: SystemdUnit, all: readonly MovedVariable[], change: EditsOfFile): void {
  const made = checkWith(unit, all);
  if (made === null) return;
  const { by, setting, value, names } = made;
  const { edits, diff } = change(by.file, by.text);
  const start = setting.at[0] ?? setting.start;
  edits.push({ start, end: start + setting.value.length, text: value });
  const path = lineText(by.file, setting.line, setting.key);
  for (const name of new Set(names)) diff.push({ sign: "~", path, text: `$$${name} in place of its value` });
}

function checkWith(unit: SystemdUnit, all: readonly MovedVariable[]): HealthCommand | null {
  return healthFilledFrom(
    unit,
    all.map(({ one }) => one),
  );
}

/** The lines go, once for all units that read them; each unit gets its secrets below the `EnvironmentFile=`. */
function removeEntries(unit: SystemdUnit, all: readonly MovedVariable[], change: EditsOfFile): void {
  const entries = all.flatMap((moved) => (moved.one.by.kind === "entry" ? [{ moved, entry: moved.one.by.entry }] : []));
  for (const { moved, entry } of entries) {
    const { edits, diff, gone } = change(moved.one.file, moved.one.text);
    if (gone.has(entry.start)) continue;
    gone.add(entry.start);
    edits.push({ start: entry.start, end: entry.end, text: "" });
    diff.push(removed(moved));
  }
  const anchors = Map.groupBy(entries, ({ moved }) => moved.one.file);
  const places = [...anchors].map(([file, own]) => ({ ...anchorFor(unit, file), own }));
  for (const [setting, groups] of Map.groupBy(places, (one) => one.setting)) {
    const text = groups[0]?.text;
    if (text === undefined) continue;
    const { edits, diff } = change(text.file, text.text);
    const lines = groups.flatMap(({ own }) => own.flatMap(({ moved }) => secretLines(moved)));
    edits.push(linesBelow(text.text, setting, [], lines));
    for (const line of lines) diff.push({ sign: "+", path: text.file, text: line });
  }
}

/** A line that was filled in goes, once for all units. */
function removeFilledIn({ from, moving }: FreedEntry, change: EditsOfFile): void {
  if (from.by.kind !== "entry") return;
  const { entry } = from.by;
  const { edits, diff, gone } = change(from.file, from.text);
  if (gone.has(entry.start)) return;
  gone.add(entry.start);
  edits.push({ start: entry.start, end: entry.end, text: "" });
  diff.push({ sign: "-", path: lineText(from.file, from.line, from.name), text: moving.masked });
}

/** The setting of the unit's own files below which the secrets of a file of variables are written. */
function anchorFor(unit: SystemdUnit, file: string): { readonly text: UnitText; readonly setting: UnitSetting } {
  const named = namedEnvFiles(unit, "Container").files.find((one) => one.file === file);
  if (named !== undefined && (named.namedBy.file === unit.file || isOwnDropIn(unit.file, named.namedBy.file)))
    return { text: named.namedBy, setting: named.setting };
  const main = unit.texts.find((text) => text.file === unit.file);
  const last = main?.settings.findLast(({ section, key }) => section === "Container" && key !== "Environment");
  if (main !== undefined && last !== undefined) return { text: main, setting: last };
  throw new UnsprawlError("refused", `${unit.file} has no [Container] to write a secret into`, cmd`ls -l ${unit.file}`);
}

function removed({ one: { file, line, name }, moving: { masked } }: MovedVariable): DiffLine {
  return { sign: "-", path: lineText(file, line, name), text: masked };
}

function diffOf(file: string, moved: MovedVariable): DiffLine[] {
  return [removed(moved), ...secretLines(moved).map((text): DiffLine => ({ sign: "+", path: file, text }))];
}

/** What is still read: the other variables, and the unchanged files. Lines that leave a file leave it for all units. */
function remaining(unit: SystemdUnit, gone: ReadonlySet<string>, changed: ReadonlySet<string>): Rewriting["rest"] {
  const stays = [...unit.assignments, ...unit.ofService].filter((one) => !gone.has(placeKey(one)));
  return [
    ...stays.map(({ file, line, name, value }) => ({
      place: lineText(file, line, name),
      text: value,
      isOneLine: true as const,
    })),
    ...unit.texts.filter(({ file }) => !changed.has(file)).map(({ file, text }) => ({ place: file, text })),
  ];
}

const placeKey = ({ file, line, name }: Assignment): string => `${file}\0${line}\0${name}`;

function warningsFor(unit: SystemdUnit, all: readonly MovedVariable[]): string[] {
  if (all.length === 0) return [];
  const service = `${serviceName(unit) ?? unit.name}.service`;
  return [
    "Podman keeps its secrets on disk in plain text, in its storage folder, which only the unit's user can enter",
    ...all.map(
      ({ moving: { move }, secret }) =>
        cmd`before the restart, as the user who runs ${service}: ${bare(makePodmanSecret(move.reference, secret))}`,
    ),
    cmd`the values stay in the container, and in the output of podman inspect and systemctl show ${service}, until: systemctl daemon-reload && systemctl restart ${service} (with --user for a user's own)`,
  ];
}

import {
  valueGoneError,
  lineOfLocation,
  lineText,
  type FileMove,
  type Rewriting,
} from "../../src/files/file-migration.ts";
import {
  assignmentsIn,
  effectiveAssignments,
  sectionOf,
  type Assignment,
  type SystemdUnit,
} from "../../src/files/units/unit-environment.ts";
import { distinctName, isOwnName } from "../../src/kit/io/name.ts";
import { REFERENCE_LABEL } from "../../src/engine/consumer-labels.ts";
import { makePodmanSecret } from "../../src/files/podman-secret.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { DiffLine } from "../../src/model/plan.ts";
import { splice } from "../../src/kit/text/splice.ts";
import {
  linesBelow,
  parseUnit,
  renderWord,
  withoutWords,
  type UnitSetting,
  type UnitWord,
} from "../../src/files/units/unit-file.ts";

type RemovedAssignment = {
  readonly one: Assignment;
  readonly word: UnitWord;
  readonly setting: UnitSetting;
  readonly moving: FileMove;
};

/** The unit's files with `Secret=` in place of these variables; nothing else is read differently, which is proven. */
export function rewriteContainer(unit: SystemdUnit, moving: readonly FileMove[]): Rewriting {
  const gone = moving.map((one): RemovedAssignment => {
    const place = lineOfLocation(one.move.location);
    const found = [...effectiveAssignments(unit)].find(
      ({ file, line, name }) => file === place.file && line === place.line && name === place.name,
    );
    if (found?.by.kind !== "word") throw valueGoneError(one.move.name, one.move.location.path);
    return { one: found, ...found.by, moving: one };
  });
  const called = unit.name.replace(/\.container$/, "");
  const prefix = isOwnName(called) ? called : distinctName(called, [unit.name]);
  const secretOf = (name: string): string => `${prefix}-${name}`;
  const drafts = [...Map.groupBy(gone, ({ one }) => one.file)].map(([file, all]) => {
    const before = all[0]?.one.text ?? "";
    const settings = [...Map.groupBy(all, ({ setting }) => setting)];
    const edits = settings.flatMap(([setting, words]) => {
      const without = withoutWords(before, setting, new Set(words.map(({ word }) => word.start)));
      return [...without, linesBelow(before, setting, without, words.flatMap(secretLines))];
    });
    const diff = all.flatMap((one): DiffLine[] => [
      { sign: "-", path: lineText(file, one.one.line, one.one.name), text: one.moving.masked },
      ...secretLines(one).map((text): DiffLine => ({ sign: "+", path: file, text })),
    ]);
    const after = splice(before, edits);
    if (!onlyThese(unit, file, before, after, new Set(all.map(({ word }) => word.start))))
      throw new UnsprawlError("refused", `${file} would be read differently afterwards`, "write its lines plainly");
    return { file, before, after, diff };
  });
  const stays = unit.assignments.filter((one) => !gone.some((other) => other.one === one));
  const changed = new Set(drafts.map(({ file }) => file));
  return {
    drafts,
    rest: [
      ...stays.map(({ file, line, name, value }) => ({
        place: lineText(file, line, name),
        text: value,
        isOneLine: true as const,
      })),
      ...unit.texts.filter(({ file }) => !changed.has(file)).map(({ file, text }) => ({ place: file, text })),
    ],
    warnings: warningsFor(unit, gone),
  };

  /** The secret in the variable's place, and a label that says where its value comes from. */
  function secretLines({ one: { name }, moving: { move } }: RemovedAssignment): readonly string[] {
    return [
      `Secret=${secretOf(name)},type=env,target=${name}`,
      `Label=${renderWord(`${REFERENCE_LABEL}${name}=${move.reference}`, null)}`,
    ];
  }

  function warningsFor({ name }: SystemdUnit, all: readonly RemovedAssignment[]): string[] {
    const service = name.replace(/\.container$/, ".service");
    return [
      ...all.map(
        ({ one, moving: { move } }) =>
          cmd`before the restart, as the user who runs ${service}: ${bare(makePodmanSecret(one.name, move.reference, secretOf(one.name)))}`,
      ),
      cmd`the values stay in the container, and in what podman inspect and systemctl show ${service} tell of it, until: systemctl daemon-reload && systemctl restart ${service} (with --user for a user's own)`,
    ];
  }
}

/** Everything but these words and the new secrets is read as before. */
function onlyThese(
  unit: SystemdUnit,
  file: string,
  before: string,
  after: string,
  starts: ReadonlySet<number>,
): boolean {
  const set = (text: string, gone: ReadonlySet<number>): string =>
    assignmentsIn(file, text, sectionOf(unit))
      .filter(({ by }) => by.kind === "word" && !gone.has(by.word.start))
      .map(({ name, value }) => `${name}=${value}`)
      .join("\0");
  const others = (text: string): string =>
    parseUnit(text)
      .filter(({ section, key }) => section !== sectionOf(unit) || !["Environment", "Secret"].includes(key))
      .filter(({ key, value }) => key !== "Label" || !new RegExp(`^"?${REFERENCE_LABEL}`).test(value))
      .map(({ section, key, value }) => `${section} ${key} ${value}`)
      .join("\0");
  return set(before, starts) === set(after, new Set()) && others(before) === others(after);
}

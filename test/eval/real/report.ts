import { readFileSync } from "node:fs";
import { columns, percent } from "../table.ts";
import { evaluateReal, type RealFinding, type RealScore } from "./evaluate.ts";
import { answeredIn, keyOf, labelLine, labels, writeLabels } from "./labels.ts";

type Asked = { readonly unlabelled: boolean; readonly misses: boolean; readonly json: boolean };

/** What `--real FOLDER` prints: the figures, or with `--unlabelled` the findings that somebody still has to look at. */
export function reportReal(folder: string, { unlabelled, misses, json }: Asked): string {
  const score = evaluateReal(folder);
  if (unlabelled) return openOf(score).join("\n");
  const figures = figuresOf(score);
  if (json) return JSON.stringify({ version: 1, ...figures, rows: score.rows.map(rowOf), absent: score.absent });
  const { findings, high } = figures;
  return [
    ...score.absent.map((one) => `not in ${folder}: ${one}`),
    `${score.repositories} repositories, ${score.files} files, ${score.lines} lines, ${findings.all} findings of medium confidence or more`,
    `recall ${percent(figures.recall)}: ${findings.secret} labelled secrets found, ${score.missed.length} not`,
    `not secrets: ${findings.false}, ${figures.falsePerThousandLines.toFixed(4)} per 1,000 lines; made up: ${findings.dummy}; unlabelled: ${findings.open}`,
    `high confidence: ${percent(high.right)} of ${high.all} are secrets, ${percent(high.made)} made up, ${percent(high.wrong)} neither`,
    "",
    `all rows together dismiss ${score.dismissed.length}; alone each decides`,
    columns([
      ["row", "findings", "secret", "made up", "not a secret", "unlabelled"],
      ...score.rows
        .map(rowOf)
        .toSorted((a, b) => b.decides - a.decides)
        .map((row) => [row.id, row.decides, row.secret, row.dummy, row.false, row.open].map(String)),
    ]),
    ...(misses
      ? [
          ...score.missed.map(
            ({ repository, file, line, rule }) => `missed ${repository} ${file}:${line} ${rule ?? "no rule"}`,
          ),
          ...score.findings
            .filter(({ answer }) => answer === "false")
            .map(({ repository, file, line, rule }) => `false ${repository} ${file}:${line} ${rule}`),
        ]
      : []),
  ].join("\n");
}

/** Takes the lines of `--unlabelled` whose `?` somebody replaced. */
export function addLabels(file: string): number {
  const added = answeredIn(readFileSync(file, "utf8"));
  writeLabels([...new Map([...labels(), ...added].map((label) => [keyOf(label), label])).values()]);
  return added.length;
}

function openOf(score: RealScore): readonly string[] {
  const decided = score.rows.flatMap(({ decides }) => decides);
  const open = [...score.findings, ...decided].filter(({ answer }) => answer === null);
  return [...new Set(open.map((one) => labelLine(one, "?")))];
}

type Counts = {
  readonly all: number;
  readonly secret: number;
  readonly dummy: number;
  readonly false: number;
  readonly open: number;
};

function countsOf(findings: readonly RealFinding[]): Counts {
  const many = (answer: RealFinding["answer"]): number => findings.filter((one) => one.answer === answer).length;
  return {
    all: findings.length,
    secret: many("secret"),
    dummy: many("dummy"),
    false: many("false"),
    open: many(null),
  };
}

function figuresOf({ repositories, files, lines, findings, missed }: RealScore): {
  readonly findings: Counts;
  readonly recall: number;
  readonly falsePerThousandLines: number;
  readonly high: { readonly all: number; readonly right: number; readonly made: number; readonly wrong: number };
  readonly [key: string]: unknown;
} {
  const counts = countsOf(findings);
  const high = countsOf(findings.filter(({ confidence }) => confidence === "high"));
  const known = Math.max(1, high.all - high.open);
  return {
    ...{ repositories, files, lines, findings: counts, missed: missed.length },
    recall: counts.secret / Math.max(1, counts.secret + missed.length),
    falsePerThousandLines: (counts.false * 1000) / Math.max(1, lines),
    high: { all: high.all, right: high.secret / known, made: high.dummy / known, wrong: high.false / known },
  };
}

function rowOf({ id, decides }: RealScore["rows"][number]): Counts & { readonly id: string; readonly decides: number } {
  return { id, decides: decides.length, ...countsOf(decides) };
}

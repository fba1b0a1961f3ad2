// `npm run eval`: how good the detector is, on rows that are new each time. See --help.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { classify, scan, type Finding } from "./detector.ts";
import { fleet, type FleetLabels } from "./fleet.ts";
import { generate } from "./generate.ts";
import { askPeer, chosen, withFiles } from "./peers.ts";
import { compare, lastRecord, measure, writeRecord } from "./recorded.ts";
import { addLabels, reportReal } from "./real/report.ts";
import { listFrom } from "./real/repositories.ts";
import { score, wrong, type Answer } from "./score.ts";
import { evaluateText } from "./text/evaluate.ts";
import { evaluatePairs } from "./text/pairs.ts";
import { columns, percent, report } from "./table.ts";

const HELP = `npm run eval -- [options]
  --seed N           draw these rows again (default: a new seed, printed)
  --size N           rows to draw (default 2000)
  --misses           print each row that was judged wrongly
  --peers[=a,b]      kingfisher, betterleaks, detect-secrets, secretlint beside it (installed into the user's cache)
  --fleet            containers in place of rows; --containers N (default 10000)
  --text             the rows in each kind of file, read by \`scan dir:\`; --size N rows in each kind
  --real FOLDER      findings in the repositories of real/repositories.json against their labels; FOLDER/owner+name is a
                     git directory or a checkout, outside of this repository
    --unlabelled     the findings that nobody has labelled, one a line
    --label FILE     take such lines, their last word replaced by secret, dummy or false
    --list NAME…     add repositories of FOLDER to the list, at their HEAD
  --record           keep today's figures of the fixed seeds in recorded.json
  --gate             exit 1 below precision 0.985 or recall 0.97
  --dist             the built program in place of the sources
  --json             one JSON document
`;
const GATE = { precision: 0.985, recall: 0.97 };

const { values: options } = parseArgs({
  args: process.argv.slice(2).map((word) => (word === "--peers" ? "--peers=all" : word)),
  options: {
    seed: { type: "string" },
    size: { type: "string", default: "2000" },
    containers: { type: "string", default: "10000" },
    peers: { type: "string" },
    misses: { type: "boolean", default: false },
    fleet: { type: "boolean", default: false },
    text: { type: "boolean", default: false },
    real: { type: "string" },
    unlabelled: { type: "boolean", default: false },
    label: { type: "string" },
    list: { type: "string", multiple: true, default: [] },
    record: { type: "boolean", default: false },
    gate: { type: "boolean", default: false },
    dist: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const seed = options.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(options.seed);
const peers = options.peers === undefined ? [] : chosen(options.peers);
const print = (text: string): void => void process.stdout.write(`${text}\n`);

if (options.help) process.stdout.write(HELP);
else if (options.label !== undefined) print(`${addLabels(options.label)} labels added`);
else if (options.real !== undefined) evaluateRepositories(options.real);
else if (options.fleet) evaluateFleet();
else if (options.text) evaluateFiles();
else evaluateRows();

function evaluateRepositories(folder: string): void {
  if (options.list.length > 0) listFrom(folder, options.list);
  else print(reportReal(folder, options));
}

function evaluateRows(): void {
  const rows = generate(seed, Number(options.size));
  const own = classify(rows, options.dist);
  const others = peers.length === 0 ? [] : withFiles(rows, (folder) => peers.map((name) => askPeer(name, folder)));
  const answers: Answer[] = [own, ...others.filter((one) => "flagged" in one)];
  const missing = others.filter((one) => "missing" in one);
  const misses = rows.filter((row) => wrong(row, own.flagged));
  const now = measure(options.dist);
  const against = compare(now, lastRecord());
  const figures = score(rows, own.flagged);
  const passed = [figures, now].every(({ precision, recall }) => precision >= GATE.precision && recall >= GATE.recall);
  if (options.record) writeRecord(now);
  if (options.gate && !passed) process.exitCode = 1;

  if (options.json) {
    const scanners = answers.map(({ scanner, how, flagged }) => ({ scanner, how, ...score(rows, flagged) }));
    const shown = options.misses ? { misses } : {};
    print(
      JSON.stringify({ version: 1, seed, rows: rows.length, scanners, missing, fixed: now, against, passed, ...shown }),
    );
    return;
  }
  print(`seed ${seed}: ${rows.length} rows, ${rows.filter((row) => row.secret).length} of them secrets`);
  print(report(rows, answers));
  for (const { scanner, missing: why } of missing) print(`${scanner} could not be had: ${why}`);
  if (options.misses) for (const row of misses) print(`${row.secret ? "missed" : "false"} ${JSON.stringify(row)}`);
  print(`\nfixed seeds ${now.seeds.join(", ")}: precision ${percent(now.precision)}, recall ${percent(now.recall)}`);
  for (const line of against) print(`  ${line}`);
  if (options.record) print("recorded");
  print(`goal (precision ${GATE.precision}, recall ${GATE.recall}): ${passed ? "reached" : "not reached"}`);
}

function evaluateFiles(): void {
  const main = join(import.meta.dirname, "../..", options.dist ? "dist/main.js" : "src/bin/main.ts");
  const kinds = evaluateText(seed, Math.min(Number(options.size), 600), main);
  const pairs = evaluatePairs(seed, 100, main);
  const [sure, right] = [kinds.reduce((sum, one) => sum + one.sure, 0), kinds.reduce((sum, one) => sum + one.right, 0)];
  const figures = kinds.map(({ kind, secrets, clean, missed, alarms, strays }) => {
    const found = secrets - missed.length;
    const wrongly = alarms.length + strays.length;
    return {
      ...{ kind, secrets, clean, missed: missed.length, alarms: alarms.length, strays: strays.length },
      recall: secrets === 0 ? 1 : found / secrets,
      precision: found + wrongly === 0 ? 1 : found / (found + wrongly),
    };
  });
  const passed = figures.every(({ recall, precision }) => recall >= GATE.recall && precision >= GATE.precision);
  if (options.gate && !passed) process.exitCode = 1;
  if (options.json) {
    print(JSON.stringify({ version: 1, seed, kinds: figures, high: { findings: sure, right }, pairs, passed }));
    return;
  }
  print(`seed ${seed}: rows in files, by \`scan dir:\``);
  const rows = figures.map(({ kind, secrets, clean, missed, alarms, strays, recall, precision }) =>
    [kind, secrets, missed, percent(recall), clean, alarms, strays, percent(precision)].map(String),
  );
  print(columns([["kind of file", "secrets", "missed", "recall", "clean", "alarms", "strays", "precision"], ...rows]));
  print(`high confidence: ${right} of ${sure} findings are right (${percent(right / sure)})`);
  print(`two secrets in a value: both are findings in ${pairs.both} of ${pairs.values}, one in ${pairs.one}`);
  if (options.misses)
    for (const { missed, alarms, strays } of kinds) {
      for (const row of missed) print(`missed ${row.file}:${row.from} ${row.kind} ${JSON.stringify(row.lines)}`);
      for (const row of alarms) print(`false ${row.file}:${row.from} ${row.kind} ${JSON.stringify(row.lines)}`);
      for (const stray of strays) print(`stray ${stray}`);
    }
}

function evaluateFleet(): void {
  const folder = mkdtempSync(join(tmpdir(), "unsprawl-eval-fleet-"));
  try {
    const labels = fleet({ seed, containers: Number(options.containers), out: folder, files: peers.length > 0 });
    const bad = Object.keys(labels.bad);
    const own = scan(join(folder, "inspect.json"), options.dist);
    const others = peers.map((name) => askPeer(name, join(folder, "files")));
    const answers = [own, ...others.filter((one) => "flagged" in one)];
    const missing = others.filter((one) => "missing" in one);
    const figures = answers.map(({ scanner, how, flagged, seconds }) => {
      const found = bad.filter((name) => flagged.has(name)).length;
      return {
        scanner,
        how,
        found,
        bad: bad.length,
        cleanFlagged: flagged.size - found,
        clean: labels.containers - bad.length,
        seconds,
      };
    });
    if (options.json)
      print(
        JSON.stringify({ version: 1, seed, containers: labels.containers, secrets: labels.secrets, figures, missing }),
      );
    else printFleet(labels, figures, missing);
    if (options.misses && !options.json) printWrong(labels, own.findings);
    const [mine] = figures;
    if (options.gate && mine && (mine.found < 0.97 * mine.bad || mine.cleanFlagged > 0.01 * mine.clean))
      process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Figures = {
  scanner: string;
  how: string;
  found: number;
  bad: number;
  cleanFlagged: number;
  clean: number;
  seconds: number;
};

function printFleet(
  labels: FleetLabels,
  figures: readonly Figures[],
  missing: readonly { scanner: string; missing: string }[],
): void {
  print(
    `seed ${seed}: ${labels.containers} containers, ${Object.keys(labels.bad).length} of them hold ${labels.secrets} secrets`,
  );
  for (const { scanner, how } of figures) print(`${scanner}: ${how}`);
  const lines = figures.map((one) => [
    one.scanner,
    `${one.found} of ${one.bad} (${percent(one.found / one.bad)})`,
    `${one.cleanFlagged} of ${one.clean} (${percent(one.cleanFlagged / one.clean)})`,
    `${one.seconds.toFixed(1)} s`,
  ]);
  print(columns([["", "bad containers found", "clean ones flagged", "took"], ...lines]));
  for (const { scanner, missing: why } of missing) print(`${scanner} could not be had: ${why}`);
}

function printWrong(labels: FleetLabels, findings: readonly Finding[]): void {
  const flagged = new Set(findings.map(({ location }) => location.subjectName));
  for (const [name, secrets] of Object.entries(labels.bad))
    if (!flagged.has(name))
      print(`missed ${name}: ${secrets.map((one) => `${one.kind} ${one.where} ${one.name}`).join(", ")}`);
  for (const { name, rule, location } of findings)
    if (labels.bad[location.subjectName] === undefined)
      print(`false ${location.subjectName}: ${rule} ${location.path} ${name}`);
}

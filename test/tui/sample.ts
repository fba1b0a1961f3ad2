import type { RunSummary } from "../../src/core/journal/runs.ts";
import type { Finding, Severity } from "../../src/model/finding.ts";
import type { Move, Plan, RotateStep } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { ANY_SUBJECT } from "../../src/model/subject-ref.ts";
import { formOf } from "../../src/tui/form.ts";
import { HELP_START } from "../../src/tui/help.ts";
import { groupHits } from "../../src/tui/groups.ts";
import { historyOf } from "../../src/tui/history.ts";
import { HERE } from "../../src/tui/target.ts";
import { NO_OVERVIEW, VIEWS, type OverviewData } from "../../src/tui/overview.ts";
import { NO_SCAN, START, type TuiState } from "../../src/tui/state.ts";
import type { ScanHit } from "../../src/core/scan-hit.ts";

export function finding(name: string, more: Partial<Finding> = {}, subject = "api"): Finding {
  return {
    id: "0123456789ab",
    fingerprint: name,
    rule: "password",
    name,
    confidence: "high",
    score: 0.9,
    severity: "high",
    why: ["name says PASSWORD", "looks random"],
    unless: "the value were a reference",
    part: { in: "value", path: "", start: 0, length: 24 },
    location: {
      source: "docker:",
      subject: "container",
      subjectName: subject,
      subjectId: subject,
      where: "env",
      path: "Config.Env[0]",
      origin: "own",
    },
    masked: "••••••••",
    length: 24,
    state: "new",
    ignoredBy: null,
    liveness: null,
    exposure: ["anyone who can open unix:///run/docker.sock"],
    ...more,
  };
}

/** The state after a scan, one row a secret. */
export function scanned(findings: readonly Finding[]): TuiState {
  const hits = findings.map((one): ScanHit => ({
    finding: one,
    candidate: {
      name: one.name,
      value: Secret.of("x"),
      location: { ...one.location, place: { kind: "field", field: "Config.Env", index: 0 } },
    },
    part: Secret.of("x"),
  }));
  return {
    ...START,
    target: HERE,
    grouping: "secret",
    scan: { ...NO_SCAN, status: "done", source: "docker:", hits, groups: groupHits(hits) },
  };
}

const SEVERITIES: readonly Severity[] = ["low", "medium", "high", "critical"];

/** A state of each screen, full of one text that came from outside. */
export function everyScreen(text: string, many: number): TuiState[] {
  const findings = Array.from({ length: many }, (_, at) => {
    const severity = SEVERITIES[at % 4] ?? "low";
    return finding(
      `${text}${at}`,
      { fingerprint: `f${at}`, severity, why: [text, text], masked: text, exposure: [text] },
      text,
    );
  });
  const state = scanned(findings);
  const location = finding(text, {}, text).location;
  const move: Move = {
    name: text,
    location,
    fingerprint: "f",
    length: 1,
    key: { path: text, field: text },
    reference: text,
  };
  const plan: Plan = {
    version: 1,
    id: "20260101-000000-abcd",
    createdAt: "",
    keyId: "",
    migration: "docker-container",
    engine: { id: "", address: text },
    store: { name: text, provider: text, settings: {} },
    steps: Array.from(
      { length: many },
      (_, at) => ({ id: `put:${at}`, kind: "put", unit: text, move, found: "absent", overwrite: false }) as const,
    ),
    notMoved: [{ finding: finding(text), reason: text, hint: text }],
    warnings: [{ unit: text, text }],
  };
  const said = { text, hint: text };
  const run = {
    kind: "apply",
    plan,
    steps: plan.steps.map(({ id }) => ({ id, unit: text, text, state: "start" }) as const),
    done: 1,
    total: many,
    started: 0,
    ended: null,
    aborting: false,
    timing: new Map([[text, { started: 0, step: 0, ended: null }]]),
    detailed: false,
    scroll: null,
  } as const;
  const items = [{ what: "health", text }] as const;
  const proof = { unit: text, verified: items, notVerified: items, reach: "unseen" } as const;
  const result = {
    kind: "apply",
    run: plan.id,
    result: {
      version: 1,
      run: plan.id,
      state: "done",
      checked: true,
      units: [{ unit: text, state: "migrated", error: text }],
      inspected: true,
      cleaned: false,
      proofs: [proof],
      error: null,
    },
    error: said,
    told: [text, `left: ${text}`],
    rotate: [{ names: [text], text, url: text }],
    scroll: 3,
  } as const;
  const prompt = {
    label: text,
    text,
    at: 3,
    error: text,
    about: () => [text],
    check: () => null,
    answer: () => undefined,
  };
  const unread = [{ subject: text, about: ANY_SUBJECT, message: text, hint: text, source: text }];
  const summary = summaryOf(text);
  const opened = { summary, plan, steps: run.steps, records: [{ at: "2026-01-01 00:00:00", text }], scroll: 1 };
  return [
    { ...state, scan: { ...state.scan, unread } },
    { ...state, scan: { ...state.scan, status: "running", done: 1, total: 3, source: text } },
    { ...state, where: "detail", filter: text, filtering: true },
    { ...START, scan: { ...NO_SCAN, status: "failed", source: text, error: said } },
    {
      ...state,
      where: "stores",
      stores: { ...START.stores, choices: [{ name: text, text }], error: said, busy: text },
    },
    {
      ...state,
      where: "plan",
      planned: { plan, provider: null as never, scroll: 2, byHand: true },
      status: { text, tone: "bad" },
    },
    { ...state, where: "plan", ...rotationState(plan, text) },
    { ...state, where: "plan", planned: null, rotating: { from: "browse", left: [], busy: text } },
    { ...state, where: "run", run: { ...run, detailed: true } },
    { ...state, where: "run", run, question: { text, answer: () => undefined } },
    { ...state, where: "proof", run, result },
    {
      ...state,
      where: "runs",
      runs: {
        at: 0,
        list: [summary],
      },
    },
    { ...state, where: "form", form: formState(text, many) },
    { ...state, help: { at: 3, filter: text.slice(0, 2), typing: true } },
    { ...state, help: HELP_START },
    { ...state, prompt },
    { ...state, where: "receipts", opened },
    ...overviewStates(text, many).map((overview): TuiState => ({ ...state, where: "overview", overview })),
    { ...state, where: "facets", facets: new Set([`rule:${text}`]), facetAt: 3 },
    ...(["container", "severity"] as const).map((grouping): TuiState => ({
      ...state,
      grouping,
      range: "f0",
      marked: new Set(["f1"]),
    })),
    ...(["places", "exposure"] as const).map((tab): TuiState => ({ ...state, tab, where: "detail" })),
    {
      ...state,
      tab: "plan",
      stores: { ...START.stores, last: text },
      previews: new Map([["f3", { store: text, plan, error: null }]]),
    },
    { ...state, tab: "journal", history: historyOf([{ summary: summaryOf(text), plan }]) },
  ];
}

/** The plan of a rotation, full of a text from outside. */
function rotationState(plan: Plan, text: string): Pick<TuiState, "planned" | "rotating"> {
  const steps = [rotateStep(text, text)];
  const left = [{ name: text, subject: text, reason: text, hint: text }];
  return {
    planned: { plan: { ...plan, steps }, provider: null as never, scroll: 1 },
    rotating: { from: "proof", left, busy: null },
  };
}

/** The step that rotates `NAME` of a container, which `checkedBy` checks. */
export function rotateStep(subject: string, name: string, more: Partial<RotateStep> = {}): RotateStep {
  const unit = `${subject}/${name}`;
  const reference = `ref+vault://secret/apps/${subject}#/${name}`;
  return {
    ...{ id: `rotate:${unit}`, kind: "rotate", unit, name, rotator: "postgres", target: {}, login: { kind: "owner" } },
    ...{ checkedBy: `PostgreSQL, app at ${subject}:5432`, server: null, usesHostNetwork: false, overlap: "none" },
    entries: [{ name, key: { path: `apps/${subject}`, field: name }, reference, fingerprint: "f" }],
    consumers: [{ container: subject, references: [reference], isRunning: true }],
    ...{ graceMs: 5_000, healthTimeoutMs: 90_000 },
    ...more,
  };
}

/** Each tab of the overview, full of a text from outside. */
function overviewStates(text: string, many: number): TuiState["overview"][] {
  const one = finding(text, {}, text);
  const change = { id: "", at: "2026-01-02T00:00:00Z", host: text, finding: one, run: text, since: text } as const;
  const moved = {
    run: text,
    name: text,
    subject: text,
    rule: null,
    store: text,
    key: text,
    movedAt: "2026-01-01T00:00:00Z",
  };
  const data: OverviewData = {
    changes: {
      changes: Array.from({ length: many }, () => ({ ...change, kind: "back" })),
      trend: [{ at: text, findings: many, bySeverity: { low: 0, medium: 1, high: 0, critical: 2 } }],
    },
    age: {
      moved: (["rotated", "same", "gone", "unknown"] as const).map((rotation) => ({
        ...{ ...moved, reference: text, rotation, why: text, rotatedAt: null, everyDays: 1 },
      })),
      advice: {},
    },
    residue: [
      {
        run: text,
        values: 2,
        plain: [text],
        residue: [{ kind: text, place: text, name: text, kept: false, next: text } as never],
        unseen: [{ place: text, why: text }],
        unknown: [{ name: text, why: text, next: text, rotated: false }],
        looked: { [text]: many },
      },
    ],
    agent: [{ name: text, state: "fail", text, hint: text }],
  };
  return VIEWS.map((tab) => ({ ...NO_OVERVIEW, tab, data, scroll: 1 })).concat({
    ...NO_OVERVIEW,
    busy: { tab: "changes", text },
    errors: { changes: { text, hint: text } },
  });
}

function formState(text: string, many: number): TuiState["form"] {
  const keys = new Map(Array.from({ length: many }, (_, at) => [`${text}${at}`, { path: text, field: text }] as const));
  const units = new Map([[text, { deliver: "auto", accept: [text], keys } as const]]);
  const form = formOf(text, [text], null as never, { overwrite: false, units });
  const fields = form.fields.map((field) => ({ ...field, error: text }));
  return { ...form, fields, from: "plan", at: Math.floor(fields.length / 2), cursor: 2 };
}

function summaryOf(text: string): RunSummary {
  return {
    run: text,
    createdAt: "",
    store: text,
    engine: text,
    state: "done",
    ended: null,
    units: [{ unit: text, state: "done", secrets: 1 }],
    secrets: 1,
    next: text,
    error: null,
  };
}

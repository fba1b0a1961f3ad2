import type { UnitProof } from "../../src/core/proof.ts";
import { describeStep } from "../../src/core/step-text.ts";
import type { UnitMapping } from "../../src/core/config/mapping.ts";
import type { Finding } from "../../src/model/finding.ts";
import type { DiffLine, Move, Plan, Step } from "../../src/model/plan.ts";
import { HELP_START } from "../../src/tui/help.ts";
import { NO_OVERVIEW } from "../../src/tui/overview.ts";
import type { MovedSecret } from "../../src/core/rotation.ts";
import { proofText } from "../../src/rotate/proof-text.ts";
import { formOf } from "../../src/tui/form.ts";
import type { TuiState, StepState } from "../../src/tui/state.ts";
import { finding, rotateStep, scanned } from "./sample.ts";

type Place = readonly [subject: string, path: string];

/** One secret of the shop, in all its places. */
function secret(name: string, places: readonly Place[], more: Partial<Finding>): Finding[] {
  return places.map(([subjectName, path]) => {
    const one = finding(
      name,
      { why: [`name says ${name.split("_").at(-1) ?? ""}`, "looks random"], ...more },
      subjectName,
    );
    return { ...one, fingerprint: `${name.toLowerCase()}-0000`, location: { ...one.location, path } };
  });
}

const FINDINGS = [
  ...secret("STRIPE_SECRET_KEY", [["api", "Config.Env[3]"]], {
    severity: "critical",
    rule: "stripe-secret-key",
    score: 0.99,
    length: 107,
    masked: "sk_live_••••••••",
    why: ["starts as Stripe's live secret keys do", "right length"],
    unless: "it were a test key",
  }),
  ...secret(
    "DATABASE_URL",
    [
      ["api", "Config.Env[1]"],
      ["worker", "Config.Env[0]"],
    ],
    {
      rule: "url-password",
      masked: "postgres://shop:••••@db:5432/shop",
      length: 58,
      why: ["password in a postgres URL", "looks random"],
    },
  ),
  ...secret("SESSION_SECRET", [["api", "Config.Env[4]"]], { severity: "medium" }),
  ...secret("DB_PASSWORD", [["db", "Config.Env[0]"]], { state: "regressed" }),
];

const TARGET = { name: "prod", provider: "vault", settings: {} };

function steps(unit: string, names: readonly string[]): Step[] {
  const moves = names.map((name): Move => ({
    name,
    location: (FINDINGS.find((one) => one.name === name) as Finding).location,
    fingerprint: "0000",
    length: 24,
    key: { path: `apps/${unit}`, field: name },
    reference: `ref+vault://secret/apps/${unit}#/${name}`,
  }));
  const diff = moves.flatMap(({ name, reference }): DiffLine[] => [
    { sign: "-", path: "Config.Env", text: `${name}=••••••••` },
    { sign: "+", path: "Config.Env", text: `${name}=${reference}` },
  ]);
  const why = "the OCI runtime is installed, and resolves the reference at each start";
  return [
    ...moves.map((move): Step => ({
      id: `put:${unit}/${move.name}`,
      kind: "put",
      unit,
      move,
      found: "absent",
      overwrite: false,
    })),
    ...moves.map((move): Step => ({ id: `verify:${unit}/${move.name}`, kind: "verify", unit, move })),
    { id: `deliver:${unit}`, kind: "deliver", unit, delivery: "runtime", why, moves },
    {
      id: `recreate:${unit}`,
      kind: "recreate",
      unit,
      delivery: "runtime",
      moves,
      subject: { id: unit, name: unit, image: "shop:1.4" },
      digest: "0000",
      diff,
      outage: {
        isRunning: true,
        stopMs: 10_000,
        startMs: 90_000,
        isChecked: true,
        ports: unit === "api" ? ["8080/tcp"] : [],
      },
      run: `docker run -d --name ${unit} --runtime unsprawl ${names.map((name) => `-e ${name}=ref+vault://secret/apps/${unit}#/${name}`).join(" ")} shop:1.4`,
    },
    {
      id: `check:${unit}`,
      kind: "check",
      unit,
      delivery: "runtime",
      moves,
      graceMs: 5_000,
      healthTimeoutMs: 90_000,
      tolerated: [],
    },
  ];
}

const PLAN: Plan = {
  version: 1,
  id: "20260101-120000-cafe",
  createdAt: "2026-01-01T12:00:00.000Z",
  keyId: "",
  migration: "docker-container",
  engine: { id: "", address: "unix:///run/docker.sock" },
  store: TARGET,
  steps: [...steps("api", ["DATABASE_URL", "STRIPE_SECRET_KEY"]), ...steps("worker", ["DATABASE_URL"])],
  notMoved: [],
  warnings: [],
};

const found = scanned(FINDINGS);

const browse: TuiState = {
  ...found,
  grouping: "container",
  marked: new Set(["stripe_secret_key-0000", "database_url-0000"]),
  scan: {
    ...found.scan,
    report: {
      version: 1,
      scannedAt: "2026-01-01T12:00:00.000Z",
      durationMs: 900,
      sources: [{ source: "docker:", subjects: 5, errors: [] }],
      findings: FINDINGS,
      groups: [],
      rotation: {},
      ignored: [],
      advice: [],
      notes: [],
      summary: {
        subjects: 5,
        values: 41,
        findings: FINDINGS.length,
        hidden: 0,
        kept: 0,
        ignored: 0,
        byConfidence: { low: 0, medium: 0, high: FINDINGS.length },
        bySeverity: { low: 0, medium: 1, high: 3, critical: 1 },
      },
    },
  },
};

const worked = PLAN.steps.map((step, at): StepState => ({
  id: step.id,
  unit: step.unit,
  text: describeStep(step),
  state: at < 5 ? "done" : at === 5 ? "start" : "waiting",
}));

const proof = (unit: string, ...received: string[]): UnitProof => ({
  unit,
  verified: [
    { what: "store", text: `gave back the same bytes for ${received.length} of ${received.length}` },
    { what: "inspect", text: "shows no value in any field" },
    { what: "health", text: "healthy" },
    { what: "received", text: `the application has ${received.join(", ")}` },
  ],
  notVerified: [{ what: "disk", text: "the engine's own files: not readable" }],
  reach: "environment",
});

const mapped = (unit: string, ...names: readonly string[]): UnitMapping => ({
  deliver: "auto",
  accept: [],
  keys: new Map(names.map((name) => [name, { path: `secret/apps/${unit}`, field: name }])),
});

const FORM = formOf("prod", ["prod", "local"], null as never, {
  overwrite: false,
  units: new Map([
    ["api", mapped("api", "DATABASE_URL", "STRIPE_SECRET_KEY")],
    ["worker", mapped("worker", "DATABASE_URL")],
  ]),
});

const NOW = Date.parse("2026-01-20T12:00:00Z");

const moved = (name: string, subject: string, movedAt: string, rotation: MovedSecret["rotation"]): MovedSecret => ({
  ...{ run: PLAN.id, name, subject, rule: name === "STRIPE_SECRET_KEY" ? "stripe-secret-key" : "url-password" },
  ...{ store: "prod", key: `apps/${subject} ${name}`, movedAt, reference: "", rotation, why: null },
  ...{ rotatedAt: null, everyDays: null },
});

const AGE = {
  moved: [
    moved("STRIPE_SECRET_KEY", "api", "2026-01-01T12:00:00Z", "same"),
    moved("DATABASE_URL", "api", "2026-01-18T12:00:00Z", "same"),
    moved("DB_PASSWORD", "db", "2026-01-01T12:00:00Z", "rotated"),
  ],
  advice: {
    "stripe-secret-key": { text: "Roll the key in Stripe's dashboard.", url: "https://dashboard.stripe.com/apikeys" },
    "url-password": { text: "Change the password of the user in the database.", url: null },
  },
};

/** What `N` plans at the end of the run. */
const ROTATION: Plan = {
  ...PLAN,
  id: "20260120-120000-beef",
  migration: "rotation",
  steps: [
    rotateStep("api", "DATABASE_URL", {
      checkedBy: "PostgreSQL, shop at db:5432",
      login: { kind: "first-init", container: "db", variable: "POSTGRES_PASSWORD", user: "postgres" },
      consumers: ["api", "worker"].map((container) => ({ container, references: [], isRunning: true })),
    }),
  ],
};

/** A small shop, from the first look to the proof: one state a step, the same every time. */
export const SHOP: { readonly [step: string]: TuiState } = {
  list: browse,
  help: { ...browse, help: { ...HELP_START, at: 2 } },
  overview: { ...browse, where: "overview", now: NOW, overview: { ...NO_OVERVIEW, tab: "age", data: { age: AGE } } },
  plan: { ...browse, where: "plan", planned: { plan: PLAN, provider: null as never, scroll: 0 } },
  form: {
    ...browse,
    where: "form",
    wanted: browse.marked,
    form: { ...FORM, from: "plan", at: 4, cursor: FORM.fields[4]?.value.length ?? 0 },
  },
  run: {
    ...browse,
    where: "run",
    now: 4_000,
    run: {
      kind: "apply",
      plan: PLAN,
      steps: worked,
      done: 5,
      total: PLAN.steps.length,
      started: 0,
      ended: null,
      aborting: false,
      timing: new Map([["api", { started: 0, step: 1_000, ended: null }]]),
      detailed: false,
      scroll: null,
    },
  },
  proof: {
    ...browse,
    where: "proof",
    result: {
      kind: "apply",
      run: PLAN.id,
      result: {
        version: 1,
        run: PLAN.id,
        state: "done",
        units: ["api", "worker"].map((unit) => ({ unit, state: "migrated", error: null })),
        inspected: true,
        cleaned: false,
        proofs: [proof("api", "DATABASE_URL", "STRIPE_SECRET_KEY"), proof("worker", "DATABASE_URL")],
        error: null,
      },
      error: null,
      told: [],
      rotate: [
        {
          names: ["STRIPE_SECRET_KEY"],
          text: "Roll the key in Stripe's dashboard; the old one can be kept for up to seven days.",
          url: "https://dashboard.stripe.com/apikeys",
        },
        { names: ["DATABASE_URL"], text: "Change the password of the user in the database.", url: null },
      ],
      scroll: 0,
    },
  },
  rotation: {
    ...browse,
    where: "plan",
    planned: { plan: ROTATION, provider: null as never, scroll: 0 },
    rotating: {
      from: "proof",
      left: [
        {
          name: "STRIPE_SECRET_KEY",
          subject: "api",
          reason: "nothing here knows where it is checked",
          hint: "change it where it is checked; then unsprawl rotate --only STRIPE_SECRET_KEY --value-from FILE does the rest",
        },
      ],
      busy: null,
    },
  },
  rotated: {
    ...browse,
    where: "proof",
    result: {
      kind: "apply",
      run: ROTATION.id,
      result: {
        version: 1,
        run: ROTATION.id,
        state: "done",
        units: [{ unit: "api/DATABASE_URL", state: "migrated", error: null }],
        inspected: false,
        cleaned: false,
        rotated: true,
        proofs: [],
        error: null,
      },
      error: null,
      told: [],
      proven: [
        {
          unit: "api/DATABASE_URL",
          text: proofText({ seen: ["api", "worker"], restarted: [], stopped: [], gone: [] }, true),
        },
      ],
      scroll: 0,
    },
  },
};

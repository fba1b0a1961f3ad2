import { rotationFor } from "../../src/detect/rotation/index.ts";
import type { ScanReport } from "../../src/core/scan.ts";
import { CONFIDENCES, SEVERITIES, type Finding } from "../../src/model/finding.ts";
import type { TrendPoint } from "../../src/model/trend.ts";
import { rotationKey, secretService } from "../../src/model/secret-service.ts";
import { ANY_SUBJECT } from "../../src/model/subject-ref.ts";

const NAMES =
  "DB_PASSWORD API_TOKEN STRIPE_SECRET_KEY SESSION_SECRET GITHUB_TOKEN SMTP_PASSWORD DATABASE_URL REDIS_PASSWORD".split(
    " ",
  );
const RULES =
  "password-by-name generic-token stripe-secret-key session-secret github-token password-by-name url-password password-by-name".split(
    " ",
  );
const STATES = ["new", "known", "known", "known", "regressed", "migrated"] as const;

/** A finding of a made-up report; it tells nothing of any value. */
export function finding(at: number, more: Partial<Finding> = {}): Finding {
  const kind = at % NAMES.length;
  const subject = Math.floor(at / 6);
  const severity = SEVERITIES[3 - (kind % 4)] ?? "low";
  const image = at % 5 === 4;
  const name = image ? `registry.example/team/app-${subject}:1.${at % 9}` : `app-${subject}`;
  return {
    id: at.toString(16).padStart(12, "0"),
    // One in two is alone; the others share a secret.
    fingerprint: (at % 2 === 0 ? at : at % 997).toString(16).padStart(8, "0").padEnd(32, "0123456789abcdef"),
    rule: RULES[kind] ?? "",
    name: NAMES[kind] ?? "",
    confidence: CONFIDENCES[2 - (at % 3 === 0 ? 1 : 0)] ?? "high",
    score: 0.7 + (at % 30) / 100,
    severity,
    why: [`name says ${(NAMES[kind] ?? "").split("_").at(-1)}`, "looks random", "not in a placeholder's shape"],
    unless: "the value were a reference, or a placeholder such as changeme",
    part: { in: "value", path: "", start: 0, length: 24 + (at % 8) },
    location: {
      source: image ? "image:*" : "docker:",
      subject: image ? "image" : "container",
      subjectName: name,
      subjectId: `${subject.toString(16).padStart(12, "0")}${"ab".repeat(26)}`,
      where: image ? "image-env" : "env",
      path: `Config.Env[${at % 6}]`,
      origin: at % 7 === 3 ? "image" : "own",
    },
    masked: kind === 6 ? "postgres://app:••••@db:5432/app" : "••••••••",
    length: 24 + (at % 8),
    state: STATES[at % STATES.length] ?? "new",
    ignoredBy: null,
    liveness: null,
    exposure: image
      ? ["anyone who may pull the image"]
      : ["anyone who can open /var/run/docker.sock", "containers that mount the engine's socket: portainer, traefik"],
    ...more,
  };
}

/** A report of these findings, with something of everything else that a report tells. */
export function reportWith(findings: readonly Finding[], more: Partial<ScanReport> = {}): ScanReport {
  const groups = new Map<string, string[]>();
  for (const { fingerprint, id } of findings) groups.set(fingerprint, [...(groups.get(fingerprint) ?? []), id]);
  const count = <Level extends string>(levels: readonly Level[], of: (finding: Finding) => Level) =>
    Object.fromEntries(levels.map((level) => [level, findings.filter((one) => of(one) === level).length])) as {
      [level in Level]: number;
    };
  const subjects = new Set(findings.map(({ location }) => location.subjectId)).size;
  return {
    version: 1,
    scannedAt: "2026-11-25T18:25:48.000Z",
    durationMs: 2140,
    sources: [
      { source: "docker:", subjects, errors: [] },
      {
        source: "image:*",
        subjects: 1,
        errors: [
          { subject: "shop:1.4", about: ANY_SUBJECT, message: "no permission to read it", hint: "unsprawl doctor" },
        ],
      },
    ],
    rotation: Object.fromEntries(
      findings.flatMap((one) => [
        [one.rule, rotationFor(one.rule)],
        [rotationKey(one), rotationFor(one.rule, secretService(one))],
      ]),
    ),
    findings,
    groups: [...groups].map(([fingerprint, ids]) => ({ fingerprint, count: ids.length, findings: ids })),
    ignored: [{ by: "unsprawl.yaml ignore[0] (made up)", count: 3 }],
    advice: [{ source: "image:*", subject: "shop:1.4", texts: ["runs as root"] }],
    notes: ["ignore[1] expired on 2026-10-31"],
    summary: {
      subjects,
      values: findings.length * 5,
      findings: findings.length,
      hidden: 12,
      kept: 0,
      ignored: 3,
      byConfidence: count(CONFIDENCES, ({ confidence }) => confidence),
      bySeverity: count(SEVERITIES, ({ severity }) => severity),
    },
    ...more,
  };
}

/** So many scans, a day apart; fewer findings each time. */
export function trendOf(points: number): readonly TrendPoint[] {
  return Array.from({ length: points }, (_, at) => {
    const critical = Math.max(0, 9 - Math.floor(at / 3));
    const [high, medium, low] = [24 - (at % 5), 30 - (at % 11), 3];
    return {
      at: new Date(Date.UTC(2026, 9, 1 + at, 6)).toISOString(),
      findings: critical + high + medium + low,
      bySeverity: { critical, high, medium, low },
    };
  });
}

import { randomBytes } from "node:crypto";
import type { Assembly } from "../../src/assembly/index.ts";
import { Secret } from "../../src/model/secret.ts";
import { Redactor } from "../../src/kit/text/redact.ts";
import { createSession, type TerminalSession } from "../../src/tui/session.ts";
import { HERE } from "../../src/tui/target.ts";
import { finding, scanned } from "../tui/sample.ts";

export const FINDINGS = 20_000;
const CONTAINERS = 2_000;
const SEVERITIES = ["critical", "high", "medium", "low"] as const;
const NAMES = ["DB_PASSWORD", "API_TOKEN", "SESSION_SECRET", "SMTP_PASS", "DATABASE_URL"];

/** A sitting after a scan with very many findings; every value is known to the redactor, as after a real one. */
export function bigSession(): TerminalSession {
  const redactor = new Redactor();
  const findings = Array.from({ length: FINDINGS }, (_, at) => {
    redactor.know(Secret.of(randomBytes(18).toString("base64url")));
    // Every fifth secret is in five places.
    const secret = at % 5 === 0 ? at % (FINDINGS / 5) : at;
    // Rows that look alike would not be drawn again.
    const name = `${NAMES[secret % NAMES.length]}_${secret}`;
    const severity = SEVERITIES[secret % 4] ?? "low";
    return finding(name, { fingerprint: `f${secret}`, severity }, `shop-${at % CONTAINERS}-api`);
  });
  const session = createSession({ redactor, env: process.env } as Assembly, HERE);
  session.store.set(() => ({ ...scanned(findings), grouping: "container" }));
  return session;
}

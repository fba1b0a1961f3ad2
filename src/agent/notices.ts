import { createHash } from "node:crypto";
import type { Severity } from "../model/finding.ts";
import type { AgentNotice, AgentNoticeEvent } from "../model/notice.ts";
import type { AgentEvent } from "./tools.ts";
import { agentEventLine, redactedEvent } from "./words.ts";

type NoticeParts = Pick<AgentNotice, "event" | "severity" | "subject"> & { readonly names?: readonly string[] };

/**
 * What the channels receive about an event; null if only the log gets it. `redact` takes known values out of the text
 * of stores and engines.
 */
export function noticeOf(
  event: AgentEvent,
  { host, redact, now }: { readonly host: string; readonly redact: (text: string) => string; readonly now: Date },
): AgentNotice | null {
  const parts = partsOf(event);
  if (parts === null) return null;
  const safe = redactedEvent(event, redact);
  const [at, text] = [now.toISOString(), agentEventLine(safe)];
  const { event: what, severity, subject, names = [] } = parts;
  const id = createHash("sha256").update(JSON.stringify([host, at, what, subject, text]));
  const next = "error" in safe ? safe.error.hint : null;
  return {
    ...{ id: id.digest("hex").slice(0, 24), kind: "agent", at, host, event: what, severity },
    ...{ subject, names, text, next },
  };
}

function partsOf(event: AgentEvent): NoticeParts | null {
  switch (event.kind) {
    case "applied":
      return { event: "applied", severity: "low", subject: event.consumer, names: event.names };
    case "started":
      return { event: "started", severity: "low", subject: event.container };
    case "stopped":
      return { event: "stopped", severity: "high", subject: event.container };
    case "failed": {
      const [what, severity] = failureOf(event);
      return { event: what, severity, subject: event.what };
    }
    case "recovered":
      return { event: event.store === true ? "reachable" : "recovered", severity: "low", subject: event.what };
    case "serving":
    case "written":
    case "changed":
    case "restarted":
    case "signalled":
    case "added":
    case "dropped":
      return null;
  }
}

function failureOf({ store, error }: Extract<AgentEvent, { kind: "failed" }>): readonly [AgentNoticeEvent, Severity] {
  if (store === true) return ["unreachable", "high"];
  return error.code === "refused" ? ["refused", "medium"] : ["failed", "high"];
}

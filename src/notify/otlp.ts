import type { ChannelKind } from "../contract/channel.ts";
import { must } from "../kit/schema/index.ts";
import type { Change } from "../model/change.ts";
import type { Severity } from "../model/finding.ts";
import { changeSentence } from "../model/change-words.ts";
import type { AgentNotice, Notice } from "../model/notice.ts";
import { batchId } from "./batch.ts";
import { headersOf } from "./headers.ts";
import { addressOf, hostOf, post, tryConnection, warnIfPlain } from "./post.ts";
import { line, lineOfText, ChannelSettingsReader } from "./settings.ts";

const SETTINGS = {
  url: must("the collector, such as http://collector:4318; /v1/logs is added", lineOfText()),
  headersFile: line("a file with headers, one a line: Authorization: Bearer …"),
  caFile: line("your certificate authority, PEM"),
};

/**
 * OpenTelemetry logs by OTLP/HTTP with JSON (OpenTelemetry Protocol Specification: "OTLP/HTTP Request", "JSON Protobuf
 * Encoding", "Partial Success"; Logs Data Model: "Mapping of SeverityNumber", "Field: EventName"). A resource for each
 * host, a log record for each change. Records that the collector rejects in a 2xx must not be sent again, so they are
 * reported only.
 */
export const otlp: ChannelKind = {
  settings: SETTINGS,
  open(given, tools) {
    const settings = new ChannelSettingsReader(SETTINGS, given, tools);
    const url = addressOf(settings.given.url, settings, "url");
    if (url.username !== "" || url.password !== "")
      throw settings.wrong("url", "holds a login", "headersFile: a file with Authorization: Basic …");
    if (!/\/v1\/logs\/?$/.test(url.pathname)) url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/logs`;
    if (settings.file("headersFile") !== null) warnIfPlain(url, given.name, tools.warn);
    const [ca, more] = [settings.authority(), headersOf(settings)];
    const line = () => ({ env: tools.env, ca: ca(), name: given.name });
    return {
      name: given.name,
      goesTo: hostOf(url),
      most: 500,
      async send(batch, signal) {
        const body = JSON.stringify(requestOf(batch, tools.now()));
        const answer = await post({ url, headers: await more(), body }, line(), signal);
        const rejected = rejectedOf(answer.text);
        if (rejected > 0) tools.warn(`${given.name}: the collector rejected some records; they are not sent again`);
      },
      async probe(signal) {
        await more();
        return tryConnection(url, line(), signal);
      },
    };
  },
};

type Value = { readonly stringValue: string } | { readonly doubleValue: number };
type Attribute = { readonly key: string; readonly value: Value };

function requestOf(batch: readonly Notice[], now: Date): object {
  const hosts = Map.groupBy(batch, ({ host }) => host);
  return {
    resourceLogs: [...hosts].map(([host, changes]) => ({
      resource: { attributes: attributes({ "service.name": "unsprawl", "host.name": host }) },
      scopeLogs: [
        { scope: { name: "unsprawl" }, logRecords: changes.map((change) => recordOf(change, batchId(batch), now)) },
      ],
    })),
  };
}

function recordOf(change: Notice, batch: string, now: Date): object {
  return change.kind === "agent" ? agentRecord(change, batch, now) : findingRecord(change, batch, now);
}

function agentRecord(notice: AgentNotice, batch: string, now: Date): object {
  const { id, event, severity, subject, names, next } = notice;
  return {
    timeUnixNano: nanoseconds(new Date(notice.at)),
    observedTimeUnixNano: nanoseconds(now),
    severityNumber: SEVERITY_NUMBER[severity],
    severityText: severity,
    eventName: `unsprawl.agent.${event}`,
    body: { stringValue: changeSentence(notice) },
    attributes: attributes({
      "unsprawl.batch": batch,
      "unsprawl.change.id": id,
      "unsprawl.change.kind": "agent",
      "unsprawl.agent.subject": subject,
      "unsprawl.agent.names": names.length === 0 ? null : names.join(" "),
      "unsprawl.agent.next": next,
    }),
  };
}

function findingRecord(change: Change, batch: string, now: Date): object {
  const { finding, kind } = change;
  const { location } = finding;
  const gone = kind === "gone";
  return {
    timeUnixNano: nanoseconds(new Date(change.at)),
    observedTimeUnixNano: nanoseconds(now),
    severityNumber: gone ? INFO : SEVERITY_NUMBER[finding.severity],
    severityText: gone ? "info" : finding.severity,
    eventName: `unsprawl.finding.${kind}`,
    body: { stringValue: changeSentence(change) },
    attributes: attributes({
      "unsprawl.batch": batch,
      "unsprawl.change.id": change.id,
      "unsprawl.change.kind": kind,
      "unsprawl.since": change.since,
      "unsprawl.run": change.run,
      "unsprawl.finding.id": finding.id,
      "unsprawl.finding.fingerprint": finding.fingerprint,
      "unsprawl.finding.rule": finding.rule,
      "unsprawl.finding.name": finding.name,
      "unsprawl.finding.severity": finding.severity,
      "unsprawl.finding.confidence": finding.confidence,
      "unsprawl.finding.score": finding.score,
      "unsprawl.location.source": location.source,
      "unsprawl.location.subject": location.subject,
      "unsprawl.location.name": location.subjectName,
      "unsprawl.location.where": location.where,
      "unsprawl.location.path": location.path,
      ...(location.subject === "container" && {
        "container.id": location.subjectId,
        "container.name": location.subjectName,
      }),
    }),
  };
}

const INFO = 9;
/** INFO, WARN, ERROR, and ERROR2 as syslog's "critical" has it. */
const SEVERITY_NUMBER: { readonly [level in Severity]: number } = { low: INFO, medium: 13, high: 17, critical: 18 };

function attributes(of: { readonly [key: string]: string | number | null }): Attribute[] {
  return Object.entries(of).flatMap(([key, value]) => {
    if (value === null) return [];
    return [{ key, value: typeof value === "number" ? { doubleValue: value } : { stringValue: value.toWellFormed() } }];
  });
}

/** 64-bit integers are texts in this encoding. */
function nanoseconds(at: Date): string {
  return String(BigInt(at.getTime()) * 1_000_000n);
}

/** `partialSuccess.rejectedLogRecords`; an answer that says nothing rejects none. */
function rejectedOf(text: string): number {
  try {
    const answer = JSON.parse(text) as { partialSuccess?: { rejectedLogRecords?: unknown } } | null;
    return Number(answer?.partialSuccess?.rejectedLogRecords ?? 0) || 0;
  } catch {
    return 0;
  }
}

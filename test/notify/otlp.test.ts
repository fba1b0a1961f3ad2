import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { otlp } from "../../src/notify/otlp.ts";
import { pythonWith } from "../services/python.ts";
import { change, changes, never, opened, shown, thrown } from "./changes.ts";
import { startReceiver, type Receiver } from "./receiver.ts";

const token = randomBytes(18).toString("hex");
let dir = "";
let python = "";
let collector: Receiver;
let answer = (response: ServerResponse): unknown => response.writeHead(200).end('{"partialSuccess":{}}');

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-notify-"));
  python = await pythonWith("opentelemetry-proto");
  collector = await startReceiver((response) => void answer(response));
});
afterAll(async () => {
  await collector?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Reads the request with OpenTelemetry's own definitions, which take no field that they do not know. */
const READ = `
import json, sys
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
request = json_format.Parse(sys.stdin.read(), ExportLogsServiceRequest())
plain = lambda value: getattr(value, value.WhichOneof("value"))
pairs = lambda attributes: {one.key: plain(one.value) for one in attributes}
print(json.dumps([{
  "resource": pairs(one.resource.attributes),
  "records": [{
    "time": record.time_unix_nano, "observed": record.observed_time_unix_nano, "number": record.severity_number,
    "text": record.severity_text, "event": record.event_name, "body": plain(record.body),
    "attributes": pairs(record.attributes),
  } for scope in one.scope_logs for record in scope.log_records],
} for one in request.resource_logs]))
`;

type Read = {
  readonly resource: object;
  readonly records: readonly {
    readonly time: number;
    readonly number: number;
    readonly text: string;
    readonly event: string;
    readonly body: string;
    readonly attributes: { readonly [key: string]: string | number };
  }[];
};

test("a resource for each host and a record for each change, as the protocol's own definitions read them", async () => {
  writeFileSync(join(dir, "headers"), `Authorization: Bearer ${token}\n`, { mode: 0o600 });
  const { channel } = opened(otlp, { url: collector.origin, headersFile: "headers" }, { dir });
  await channel.send(
    [
      change(1, { severity: "critical" }),
      change(2, { severity: "low", host: "web2" }),
      change(3, { kind: "regressed", run: "20261101-101010-abcd", severity: "medium" }),
      change(4, { kind: "gone", host: "\ud800 \u0000 <b>" }),
    ],
    never,
  );
  const { path, headers, body } = collector.received.at(-1) ?? { path: "", headers: {}, body: "" };
  expect(path).toBe("/v1/logs");
  expect(headers).toMatchObject({ "content-type": "application/json", authorization: `Bearer ${token}` });
  const read = JSON.parse(execFileSync(python, ["-c", READ], { input: body, encoding: "utf8" })) as Read[];
  expect(read.map(({ resource }) => resource)).toEqual([
    { "service.name": "unsprawl", "host.name": "web1" },
    { "service.name": "unsprawl", "host.name": "web2" },
    { "service.name": "unsprawl", "host.name": "\ufffd \u0000 <b>" },
  ]);
  const records = read.flatMap((one) => one.records);
  expect(records.map(({ number, text, event }) => [number, text, event])).toEqual([
    [18, "critical", "unsprawl.finding.new"],
    [13, "medium", "unsprawl.finding.regressed"],
    [9, "low", "unsprawl.finding.new"],
    [9, "info", "unsprawl.finding.gone"],
  ]);
  expect(BigInt(records[0]?.time ?? 0) / 1_000_000n).toBe(BigInt(Date.parse("2026-11-25T10:00:00.000Z")));
  expect(records[1]?.body).toContain(", which run 20261101-101010-abcd had moved;");
  expect(records[1]?.attributes).toMatchObject({
    "unsprawl.change.id": change(3).id,
    "unsprawl.change.kind": "regressed",
    "unsprawl.run": "20261101-101010-abcd",
    "unsprawl.finding.name": "DB_PASSWORD_3",
    "unsprawl.finding.score": 0.93,
    "unsprawl.location.path": "Config.Env[3]",
    "container.name": "api",
  });
});

test("records that the collector rejects are said, and not sent again", async () => {
  const { channel, warnings } = opened(otlp, { url: `${collector.origin}/otel/v1/logs` });
  answer = (response) =>
    response.writeHead(200).end(`{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"${token}"}}`);
  await channel.send(changes(3), never);
  expect(collector.received.at(-1)?.path).toBe("/otel/v1/logs");
  expect(warnings).toEqual(["ops: the collector rejected some records; they are not sent again"]);
  for (const odd of ["", "null", "[]", "not json", '{"partialSuccess":null}']) {
    answer = (response) => response.writeHead(200).end(odd);
    await channel.send(changes(1), never);
  }
  expect(warnings).toHaveLength(1);
});

test("headers that would cross the network in clear are warned of", () => {
  const of = (keys: { readonly [key: string]: string }) => opened(otlp, keys, { dir }).warnings;
  expect(of({ url: "http://collector.test:4318", headersFile: "headers" })).toEqual([
    "ops: its credentials go to http://collector.test:4318 unencrypted; use TLS and an https address",
  ]);
  for (const keys of [{ url: "http://collector.test:4318" }, { url: "https://collector.test", headersFile: "headers" }])
    expect(of(keys)).toEqual([]);
});

test("what is to be tried again, and what not", async () => {
  const { channel } = opened(otlp, { url: collector.origin });
  for (const [status, remedy] of [
    [429, "again"],
    [503, "again"],
    [502, "again"],
    [401, "fix"],
    [400, "refused"],
  ] as const) {
    answer = (response) => response.writeHead(status).end(token);
    const error = await thrown(channel.send(changes(1), never));
    expect(error.remedy, String(status)).toMatchObject({ do: remedy });
    expect(shown(error)).not.toContain(token);
  }
  expect(await channel.probe(never)).toBe(`${collector.origin} answers`);
  expect(() => opened(otlp, { url: "http://me:it@collector" })).toThrow("notify.ops.url holds a login");
  expect(() => opened(otlp, {})).toThrow("notify.ops.url is missing");
});

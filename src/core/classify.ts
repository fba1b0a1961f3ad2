import type { Readable, Writable } from "node:stream";
import type { Detector, Unread } from "../contract/detector.ts";
import { atLeast, type Verdict } from "../model/finding.ts";
import type { Where } from "../model/location.ts";
import { Secret } from "../model/secret.ts";
import { jsonText } from "../kit/text/escape.ts";

/**
 * The longest accepted line: fits a value of 1 MiB with every character escaped. Longer lines are skipped and reported,
 * so that memory use stays constant.
 */
const LONGEST_LINE = 8 * 1024 * 1024;
const BATCH = 64 * 1024;
const NEWLINE = 0x0a;
const BOM = Buffer.from("\ufeff");

const WHERE: { readonly [place in Where]: true } = {
  env: true,
  "image-env": true,
  cmd: true,
  entrypoint: true,
  label: true,
  history: true,
  "build-arg": true,
  healthcheck: true,
  onbuild: true,
  "log-opt": true,
  "volume-opt": true,
  annotation: true,
  file: true,
  store: true,
};

/**
 * The `classify` protocol: one `{"id","where","name","value"}` per input line, one
 * `{"id","secret","confidence","score","rule","why"}` per output line, in the same order. An invalid line yields
 * `{"line","error"}`, which never quotes it.
 *
 * Streaming: answers what has arrived before it waits for more, holds at most one line, and waits while the output is
 * full. Blank lines are counted but skipped; a leading
 * byte order mark is ignored. Stops reading when the output's reader is gone.
 */
export async function classifyStream(
  input: AsyncIterable<Buffer> | Readable,
  output: Writable,
  detector: Detector,
): Promise<{ lines: number; bad: number }> {
  let lines = 0;
  let bad = 0;
  let batch = "";
  for await (const line of linesOf(input)) {
    if (line === "waiting") {
      // Whoever asks one value at a time, over a pipe that stays open, waits for the answer before the next.
      if (!(await write(output, batch))) return { lines, bad };
      batch = "";
      continue;
    }
    lines++;
    const answer = line === null ? { error: "the line is longer than 8 MiB" } : answerTo(line, lines === 1, detector);
    if (answer === null) continue;
    if ("error" in answer) bad++;
    batch += `${jsonText("error" in answer ? { line: lines, ...answer } : answer)}\n`;
    if (batch.length >= BATCH) {
      if (!(await write(output, batch))) return { lines, bad };
      batch = "";
    }
  }
  await write(output, batch);
  return { lines, bad };
}

type ClassifiedValue = {
  id: string | number | null;
  secret: boolean;
  confidence: string;
  score: number;
  rule: string | null;
  why: readonly string[];
};

function answerTo(line: Buffer, first: boolean, detector: Detector): ClassifiedValue | { error: string } | null {
  const text = line.toString("utf8").slice(first && line.subarray(0, 3).equals(BOM) ? 1 : 0);
  if (text.trim() === "") return null;
  let asked: unknown;
  try {
    asked = JSON.parse(text);
  } catch {
    return { error: "not JSON" };
  }
  if (asked === null || typeof asked !== "object" || Array.isArray(asked)) return { error: "not a JSON object" };
  const { id = null, where = "env", name, value } = asked as Record<string, unknown>;
  if (typeof name !== "string") return { error: "no name, or not a string" };
  if (typeof value !== "string") return { error: "no value, or not a string" };
  if (typeof where !== "string" || !Object.hasOwn(WHERE, where)) return { error: "unknown where" };
  if (id !== null && typeof id !== "string" && typeof id !== "number")
    return { error: "id is neither string nor number" };
  const question = { name, where: where as Where, value: Secret.of(value) };
  return answerOf(id, detector.classify(question), detector.unread(question));
}

/** `secret` is what a person should act on, so a low-confidence verdict is reported as no secret. */
function answerOf(id: string | number | null, verdict: Verdict, unread: readonly Unread[]): ClassifiedValue {
  const { confidence, score, rule } = verdict;
  const why = [...verdict.why, ...unread.map(({ message }) => message)];
  return { id, secret: verdict.secret && atLeast(confidence, "medium"), confidence, score, rule, why };
}

/** The input's lines without line ends; null for a line that is too long, `waiting` before more input is waited for. */
async function* linesOf(input: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer | null | "waiting"> {
  let pieces: Buffer[] = [];
  let held = 0;
  let skipping = false;
  for await (const chunk of input) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const tooLong = skipping || held + end - start > LONGEST_LINE;
      yield tooLong ? null : joined(pieces, bytes.subarray(start, end));
      pieces = [];
      held = 0;
      skipping = false;
      start = end + 1;
    }
    if (!skipping && start < bytes.length) {
      held += bytes.length - start;
      skipping = held > LONGEST_LINE;
      if (skipping) pieces = [];
      else pieces.push(bytes.subarray(start));
    }
    yield "waiting";
  }
  if (skipping) yield null;
  else if (held > 0) yield joined(pieces, Buffer.alloc(0));
}

function joined(pieces: readonly Buffer[], last: Buffer): Buffer {
  return pieces.length === 0 ? last : Buffer.concat([...pieces, last]);
}

/** Waits until the output accepts more. False if its reader is gone (`| head`), which is not an error. */
async function write(output: Writable, text: string): Promise<boolean> {
  if (text === "") return true;
  const error = await new Promise<NodeJS.ErrnoException | null | undefined>((done) => output.write(text, done));
  if (error && error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
  return !error;
}

import type { HostEvent } from "../contract/host.ts";
import { printable } from "../kit/text/escape.ts";
import type { Redactor } from "../kit/text/redact.ts";
import { columns } from "../kit/text/width.ts";
import { hanging, lineWidth } from "../kit/text/wrap.ts";
import { paint } from "../kit/paint.ts";

const HEARTBEAT_MS = 10_000;
const FRAME_MS = 80;
const SECOND_MS = 1000;

const megabytes = (bytes: number): string => Math.round(bytes / 1e6).toLocaleString("en");
const seconds = (ms: number): string => `${Math.floor(ms / SECOND_MS)} s`;

type StepEvent = Extract<HostEvent, { type: "step" }>;
type PhaseEvent = Extract<HostEvent, { type: "phase" }>;

type Counted = Pick<Extract<HostEvent, { type: "scan" }>, "done" | "total" | "bytes">;

/** From this many steps on they are counted, not named. */
const MANY = 500;
/** What their events begin with, and what they do. */
const COUNTED: readonly (readonly [start: string, text: string])[] = [
  ["plan:", "planning"],
  ["compare", "comparing both stores,"],
];

/** What is being done, since when, for how long at most, and which step of how many it is. */
type Doing = { readonly text: string; readonly since: number; readonly most: string; readonly count: string };

/**
 * Progress on stderr: one line that is redrawn on a terminal, with what a step does now, the time since and its limit;
 * without a terminal a plain line for each finished step, and a heartbeat every ten seconds for what takes longer.
 */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #quiet: boolean;
  readonly #verbose: boolean;
  readonly #redactor: Redactor;
  readonly #live: boolean;
  readonly #started = Date.now();
  #drawn = false;
  #last = 0;
  #timer: NodeJS.Timeout | null = null;
  #doing: Doing | null = null;
  #counts = { what: "", since: 0, from: 0 };

  constructor(
    stream: NodeJS.WriteStream,
    { quiet, verbose }: { readonly quiet: boolean; readonly verbose: boolean },
    redactor: Redactor,
  ) {
    this.#stream = stream;
    this.#quiet = quiet;
    this.#verbose = verbose;
    this.#redactor = redactor;
    // A pipeline may give its steps a terminal; a redrawn line would run into what is printed beside it.
    this.#live = stream.isTTY && process.env["TERM"] !== "dumb" && !process.env["CI"];
  }

  show(event: HostEvent): void {
    if (this.#quiet) return;
    if (event.type === "note")
      this.line(`${event.level === "warn" ? "warning: " : ""}${event.text}${event.hint ? ` (${event.hint})` : ""}`);
    else if (event.type === "scan") this.#scan(event);
    else if (event.type === "step" && event.total > MANY && event.state !== "failed" && event.state !== "undone")
      this.#counted(COUNTED.find(([start]) => event.step.startsWith(start))?.[1] ?? "moving, step", event);
    else if (event.type === "phase") this.#phase(event);
    else if (this.#verbose || !event.step.startsWith("plan:")) this.#step(event);
  }

  /** Prints a whole line, above the redrawn one; on a terminal wrapped, with the indent of the line itself. */
  line(text: string): void {
    this.#plain(this.#redactor.foreign(text));
  }

  /** Prints what to type next. Never wrapped: a command that is broken in two cannot be pasted. */
  next(command: string): void {
    this.#erase();
    this.#stream.write(`  next: ${printable(this.#redactor.foreign(command))}\n`);
  }

  /** Removes the redrawn line; nothing is drawn any more until the next event. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#doing = null;
    this.#erase();
  }

  #erase(): void {
    if (this.#drawn) this.#stream.write("\r\u001b[2K");
    this.#drawn = false;
  }

  #plain(text: string): void {
    this.#erase();
    const [, lead = "", rest = ""] = /^( *)(.*)$/s.exec(text) ?? [];
    const lines = hanging(lead, printable(rest), lead.length, lineWidth(this.#stream));
    this.#stream.write(`${lines.join("\n")}\n`);
  }

  #scan({ source, done, total, bytes }: Extract<HostEvent, { type: "scan" }>): void {
    this.#counted(`scanning ${source}`, { done, total, ...(bytes === undefined ? {} : { bytes }) });
  }

  /** How far something is of which there is much, with the time that the rest takes at the pace so far. */
  #counted(what: string, { done, total, bytes }: Counted): void {
    const now = Date.now();
    // A scan began with the command; what comes after it, with its first step. A resumed run begins half way.
    const isScan = what.startsWith("scanning ");
    if (this.#counts.what !== what)
      this.#counts = { what, since: isScan ? this.#started : now, from: isScan ? 0 : done };
    const { since, from } = this.#counts;
    if (now - this.#last < (this.#live ? FRAME_MS : HEARTBEAT_MS)) return;
    if (!this.#live && now - this.#started < HEARTBEAT_MS) return;
    this.#last = now;
    const [part, all] =
      bytes === undefined ? [done - from, total === null ? null : total - from] : [bytes.done, bytes.total];
    const left = all && part > 0 && part <= all ? Math.ceil((((now - since) / part) * (all - part)) / 1000) : null;
    const read =
      bytes === undefined ? "" : `, ${megabytes(bytes.done)}${all && part <= all ? ` of ${megabytes(all)}` : ""} MB`;
    const count = `${done}${total ? `/${total}` : ""}`;
    const text = this.#redactor.guard(`${what} ${count}${read}${left === null ? "" : `, ${left} s left`}`);
    if (this.#live) this.#draw(printable(text));
    else this.#plain(text);
  }

  #step(event: StepEvent): void {
    this.stop();
    const { state, text, unit } = event;
    if (state === "start") {
      this.#begin(event);
      return;
    }
    // Our own words and names, in which a value such as `run` or `app` is a word like any other.
    const said = printable(this.#redactor.guard(`${unit}: ${text}`));
    const line = hanging(`${this.#glyph(state)} `, said, 2, lineWidth(this.#stream)).join("\n");
    this.#stream.write(`${line}\n`);
  }

  /** What a step does: on a terminal at once and every second, elsewhere once it has taken ten seconds. */
  #begin({ done, total, ...event }: StepEvent): void {
    this.#now(event, `${done + 1}/${total}`);
    this.#timer = setInterval(
      this.#live ? () => this.#drawNow() : () => this.#heartbeat(),
      this.#live ? SECOND_MS : HEARTBEAT_MS,
    ).unref();
  }

  /** What the present step does now, in place of what it is as a whole. */
  #phase(event: PhaseEvent): void {
    if (this.#doing !== null) this.#now(event, this.#doing.count);
  }

  #now({ unit, text, limitMs }: Pick<PhaseEvent, "unit" | "text" | "limitMs">, count: string): void {
    const most = limitMs === undefined ? "" : ` (up to ${seconds(limitMs)})`;
    const said = printable(this.#redactor.guard(`${unit}: ${text}`));
    this.#doing = { text: said, since: Date.now(), most, count };
    if (this.#live) this.#drawNow();
    else if (this.#verbose) this.#stream.write(`${this.#glyph("start")} ${new Date().toISOString()} ${said}${most}\n`);
  }

  #drawNow(): void {
    if (this.#doing === null) return;
    const { text, since, most, count } = this.#doing;
    this.#draw(`… ${text}`, `${most} ${seconds(Date.now() - since)}  ${count}`);
  }

  #heartbeat(): void {
    if (this.#doing === null) return;
    const { text, since, most } = this.#doing;
    this.#stream.write(`${this.#glyph("start")} ${text}${most}, ${seconds(Date.now() - since)} so far\n`);
  }

  #glyph(state: StepEvent["state"]): string {
    const glyph = { start: "…", done: "✓", failed: "✗", undone: "↶" }[state];
    const colour = { start: "dim", done: "blue", failed: "red", undone: "yellow" } as const;
    return paint(colour[state], glyph, this.#stream);
  }

  /** One line; where it is too long, `text` is cut rather than `end`. */
  #draw(text: string, end = ""): void {
    const room = Math.max(20, (this.#stream.columns ?? 80) - 1) - columns(end);
    this.#stream.write(`\r\u001b[2K${text.slice(0, Math.max(1, room))}${end}`);
    this.#drawn = true;
  }
}

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

/**
 * Progress on stderr: one line that is redrawn on a terminal, with counts, elapsed time and the limit of a step; without
 * a terminal a plain line for each finished step, and a heartbeat every ten seconds for what takes longer.
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
    const now = Date.now();
    if (now - this.#last < (this.#live ? FRAME_MS : HEARTBEAT_MS)) return;
    if (!this.#live && now - this.#started < HEARTBEAT_MS) return;
    this.#last = now;
    const [part, all] = bytes === undefined ? [done, total] : [bytes.done, bytes.total];
    const left =
      all && part > 0 && part <= all ? Math.ceil((((now - this.#started) / part) * (all - part)) / 1000) : null;
    const read =
      bytes === undefined ? "" : `, ${megabytes(bytes.done)}${all && part <= all ? ` of ${megabytes(all)}` : ""} MB`;
    const count = `${done}${total ? `/${total}` : ""}`;
    const text = this.#redactor.guard(`scanning ${source} ${count}${read}${left === null ? "" : `, ${left} s left`}`);
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

  /** What a step waits for: on a terminal at once and every second, elsewhere once it has taken ten seconds. */
  #begin({ text, unit, done, total, limitMs }: StepEvent): void {
    const started = Date.now();
    const said = printable(this.#redactor.guard(`${unit}: ${text}`));
    const most = limitMs === undefined ? "" : ` (up to ${seconds(limitMs)})`;
    const elapsed = (): string => seconds(Date.now() - started);
    if (this.#verbose && !this.#live)
      this.#stream.write(`${this.#glyph("start")} ${new Date().toISOString()} ${said}${most}\n`);
    const live = (): void => this.#draw(`… ${said}`, `${most} ${elapsed()}  ${done + 1}/${total}`);
    const plain = (): void => void this.#stream.write(`${this.#glyph("start")} ${said}${most}, ${elapsed()} so far\n`);
    if (this.#live) live();
    this.#timer = setInterval(this.#live ? live : plain, this.#live ? SECOND_MS : HEARTBEAT_MS).unref();
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

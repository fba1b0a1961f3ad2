import type { HostEvent } from "../contract/host.ts";
import { printable } from "../kit/text/escape.ts";
import type { Redactor } from "../kit/text/redact.ts";
import { paint } from "../kit/paint.ts";

const HEARTBEAT_MS = 10_000;
const FRAME_MS = 80;

const megabytes = (bytes: number): string => Math.round(bytes / 1e6).toLocaleString("en");

/**
 * Progress on stderr: one line that is redrawn on a terminal, with counts and the time left; without a terminal a plain
 * line for each finished step, and a heartbeat every ten seconds for scans.
 */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #quiet: boolean;
  readonly #redactor: Redactor;
  readonly #live: boolean;
  readonly #started = Date.now();
  #drawn = false;
  #last = 0;

  constructor(stream: NodeJS.WriteStream, quiet: boolean, redactor: Redactor) {
    this.#stream = stream;
    this.#quiet = quiet;
    this.#redactor = redactor;
    // A pipeline may give its steps a terminal; a redrawn line would run into what is printed beside it.
    this.#live = stream.isTTY && process.env["TERM"] !== "dumb" && !process.env["CI"];
  }

  show(event: HostEvent): void {
    if (this.#quiet) return;
    if (event.type === "note")
      this.line(`${event.level === "warn" ? "warning: " : ""}${event.text}${event.hint ? ` (${event.hint})` : ""}`);
    else if (event.type === "scan") this.#scan(event);
    else if (!event.step.startsWith("plan:")) this.#step(event);
  }

  /** Prints a whole line, above the redrawn one. */
  line(text: string): void {
    this.#plain(this.#redactor.foreign(text));
  }

  /** Removes the redrawn line. */
  stop(): void {
    if (this.#drawn) this.#stream.write("\r\u001b[2K");
    this.#drawn = false;
  }

  #plain(text: string): void {
    this.stop();
    this.#stream.write(`${printable(text)}\n`);
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
    if (this.#live) this.#draw(text);
    else this.#plain(text);
  }

  #step({ state, text, unit, done, total }: Extract<HostEvent, { type: "step" }>): void {
    // Our own words and names, in which a value such as `run` or `app` is a word like any other.
    const glyph = { start: "…", done: "✓", failed: "✗", undone: "↶" }[state];
    const colour = { start: "dim", done: "blue", failed: "red", undone: "yellow" } as const;
    const line = `${paint(colour[state], glyph, this.#stream)} ${printable(this.#redactor.guard(`${unit}: ${text}`))}`;
    if (state === "start") {
      if (this.#live) this.#draw(`${line} ${done}/${total}`);
      return;
    }
    this.stop();
    this.#stream.write(`${line}\n`);
  }

  #draw(text: string): void {
    this.#stream.write(`\r\u001b[2K${text.slice(0, Math.max(20, (this.#stream.columns ?? 80) - 1))}`);
    this.#drawn = true;
  }
}

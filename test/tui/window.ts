import { PassThrough, Writable } from "node:stream";
import type { ReadStream, WriteStream } from "node:tty";
import xterm from "@xterm/headless";

/** A terminal in this process: what is typed into it, what it shows, and every piece that was written to it. */
export type TestWindow = {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly written: string[];
  type(bytes: string): void;
  resize(columns: number, rows: number): void;
  /** The visible rows. */
  shown(): Promise<string[]>;
  close(): void;
};

export function openWindow(columns: number, rows: number): TestWindow {
  const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const written: string[] = [];
  let parsed: Promise<void> = Promise.resolve();
  const out = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      written.push(chunk);
      // A terminal in raw mode still moves to the first column at a line feed.
      parsed = new Promise((resolve) => screen.write(chunk.replaceAll("\n", "\r\n"), resolve));
      done();
    },
  });
  const stdout = Object.assign(out, { isTTY: true, columns, rows, hasColors: () => true });
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => stdin,
    ref: () => stdin,
    unref: () => stdin,
  });
  return {
    stdin: stdin as unknown as ReadStream,
    stdout: stdout as unknown as WriteStream,
    written,
    type: (bytes) => void stdin.write(bytes),
    resize(toColumns, toRows) {
      screen.resize(toColumns, toRows);
      Object.assign(stdout, { columns: toColumns, rows: toRows });
      stdout.emit("resize");
    },
    async shown() {
      await parsed;
      const { active } = screen.buffer;
      return Array.from(
        { length: screen.rows },
        (_, at) =>
          active
            .getLine(active.viewportY + at)
            ?.translateToString(true)
            .trimEnd() ?? "",
      );
    },
    close: () => screen.dispose(),
  };
}

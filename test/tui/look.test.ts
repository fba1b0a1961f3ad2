import { expect, it } from "vitest";
import { lookOf } from "../../src/tui/look.ts";
import { openModes } from "../../src/tui/terminal.ts";
import { styledText } from "../../src/tui/widgets/styled.ts";
import { addressLine, layout, line, type SpanLine } from "../../src/tui/widgets/text.ts";
import { openWindow } from "./window.ts";

const same = (text: string): string => text;

it.each([
  [{}, true, "auto", "16"],
  [{ COLORTERM: "truecolor" }, true, "auto", "truecolor"],
  [{ COLORTERM: "truecolor" }, true, "16", "16"],
  [{}, true, "truecolor", "truecolor"],
  [{ COLORTERM: "24bit" }, true, "mono", "mono"],
  // NO_COLOR goes before every choice.
  [{ COLORTERM: "truecolor" }, false, "truecolor", "none"],
] as const)("chooses colours by %j, wanted %s, %s", (env, colours, choice, theme) => {
  expect(lookOf(env, colours, choice).theme).toBe(theme);
});

it.each([
  [{ TERM: "xterm-kitty" }, true],
  [{ TERM: "xterm-256color", VTE_VERSION: "7600" }, true],
  [{ TERM: "xterm-256color", TERM_PROGRAM: "iTerm.app" }, true],
  [{ TERM: "xterm-256color" }, false],
  [{ TERM: "xterm-256color", VTE_VERSION: "7600", TMUX: "/tmp/x" }, false],
  [{ TERM: "linux" }, false],
])("makes links only where a terminal is known to have them: %j", (env, links) => {
  expect(lookOf(env, true)).toMatchObject({ links, mouse: false });
});

it("sets colours as the theme says, and none without one", () => {
  const rows = layout([line({ text: "a", color: "red", bold: true }, { text: "b", inverse: true })], 10, same);
  expect(styledText(rows, "16")).toBe("\u001b[1;31ma\u001b[0m\u001b[7mb\u001b[0m");
  expect(styledText(rows, "truecolor")).toBe("\u001b[1;38;2;213;80;40ma\u001b[0m\u001b[7mb\u001b[0m");
  expect(styledText(rows, "mono")).toBe("\u001b[1ma\u001b[0m\u001b[7mb\u001b[0m");
  expect(styledText(rows, "none")).toBe("ab");
});

const URL = "https://dashboard.example/apikeys/a-long-path-of-a-page";
const rowsOf = (one: SpanLine, width: number): string[] =>
  layout([one], width, same).map(({ spans }) => spans.map(({ text }) => text).join(""));

it("breaks an address only where no line holds it, and links each part to all of it", () => {
  expect(rowsOf(addressLine(8, URL), 80)).toEqual([`        ${URL}`]);
  // Without its indentation it still fits.
  expect(rowsOf(addressLine(8, URL), URL.length)).toEqual([URL]);
  expect(rowsOf(addressLine(8, URL), 20).join("")).toBe(URL);
  const linked = styledText(layout([addressLine(0, URL)], 20, same), "16", true);
  expect(linked.split(`\u001b]8;;${URL}\u0007`)).toHaveLength(rowsOf(addressLine(0, URL), 20).length + 1);
  expect(styledText(layout([addressLine(0, URL)], 80, same), "16", false)).toBe(URL);
});

it("links to no address that could end the link, or that holds a known value", () => {
  const linked = (url: string, guard = same): string =>
    styledText(layout([addressLine(0, url)], 80, guard), "16", true);
  for (const url of ["https://x\u0007\u001b[31m", "javascript:alert(1)", "https://a b", "file:///etc/passwd"])
    expect(linked(url)).not.toContain("\u001b]8");
  expect(linked("https://x/hunter2", (text) => text.replaceAll("hunter2", "[secret]"))).toBe("https://x/[secret]");
});

it("turns mouse reports on only if asked, and off when it leaves or suspends", () => {
  const window = openWindow(80, 24);
  const modes = openModes(window.stdout);
  expect(window.written.join("")).not.toContain("?1000h");
  modes.mouse(true);
  modes.restore();
  modes.set();
  modes.restore();
  const bytes = window.written.join("");
  expect(bytes.match(/\?1000h/g)).toHaveLength(2);
  expect(bytes.lastIndexOf("?1000l")).toBeGreaterThan(bytes.lastIndexOf("?1000h"));
  window.close();
});

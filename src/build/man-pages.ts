import { described, FIRST_EXAMPLES, flagText } from "../cli/help.ts";
import { ACCEPT_ROWS, ENVIRONMENT, EXITS, FILES, SOURCE_ROWS } from "../cli/reference.ts";
import { COMMANDS } from "../cli/specs/index.ts";
import { COMMON_OPTIONS, UI_OPTIONS } from "../cli/specs/shared.ts";
import { GROUPS, nameOf, type CommandSpec, type OptionSpec } from "../cli/specs/spec.ts";
import { VERSION } from "../model/version.ts";
import { ALL } from "../tui/bindings.ts";
import { bindings, KEYMAP, WHERE_TITLES } from "../tui/keymap.ts";
import { examples, paragraphs, quoted, roff, section, tagged } from "./roff.ts";

/** The manual pages of section 1 by file name: `unsprawl.1`, and one for each command. */
export function commandPages(): ReadonlyMap<string, string> {
  return new Map([
    ["unsprawl.1", programPage()],
    ...COMMANDS.map((spec) => [`unsprawl-${nameOf(spec)}.1`, commandPage(spec)] as const),
  ]);
}

/** The page's first line. */
export function heading(name: string, number: 1 | 5): string {
  return `.TH ${quoted(name.toUpperCase())} ${number} "" ${quoted(`unsprawl ${VERSION}`)} "User Commands"`;
}

function programPage(): string {
  return page([
    heading("unsprawl", 1),
    ...section("NAME", ["unsprawl \\- find secrets in containers and move each into a secret store"]),
    ...section("SYNOPSIS", [
      ".B unsprawl",
      "[\\fIsource\\fR...] [\\fIflags\\fR]",
      ".br",
      ".B unsprawl",
      ".I command",
      "[\\fIarguments\\fR] [\\fIflags\\fR]",
    ]),
    ...section("DESCRIPTION", paragraphs(DESCRIPTION)),
    ...section(
      "COMMANDS",
      Object.entries(GROUPS).flatMap(([group, title]) => [
        `.SS ${quoted(title)}`,
        ...COMMANDS.filter((spec) => spec.group === group).flatMap((spec) =>
          tagged(`unsprawl ${spec.usage}`, `${spec.summary}; see unsprawl-${nameOf(spec)}(1).`),
        ),
      ]),
    ),
    ...section("FLAGS OF THE TERMINAL UI", UI_OPTIONS.flatMap(flag)),
    ...section("FLAGS OF ALL COMMANDS", COMMON_OPTIONS.flatMap(flag)),
    ...section("SOURCES", rows(SOURCE_ROWS)),
    ...section("VALUES OF --accept", rows(ACCEPT_ROWS)),
    ...section("KEYS", keys()),
    ...section("EXAMPLES", examples(FIRST_EXAMPLES)),
    ...common(),
    ...section("SEE ALSO", [
      roff(COMMANDS.map((spec) => `unsprawl-${nameOf(spec)}(1)`).join(", ") + ", unsprawl.yaml(5)"),
    ]),
  ]);
}

const DESCRIPTION = `Finds secrets in containers, images and run configurations, explains each finding, and moves each secret into a store. The run configuration is rewritten: docker inspect shows nothing, and the application still gets its value.

Without a command, or with sources alone, it opens the terminal UI.`;

function commandPage(spec: CommandSpec): string {
  const { usage, summary, details, options, sections = [] } = spec;
  const name = nameOf(spec);
  return page([
    heading(`unsprawl-${name}`, 1),
    ...section("NAME", [
      roff(`unsprawl-${name} - ${summary[0]?.toLowerCase() ?? ""}${summary.slice(1)}`).replace(" \\- ", " \\- "),
    ]),
    ...section("SYNOPSIS", [
      `.B ${quoted(`unsprawl ${name}`)}`,
      roff(`${usage.slice(name.length + 1)} [flags]`.trim()),
    ]),
    ...section("DESCRIPTION", paragraphs(details ?? `${summary}.`)),
    ...section("FLAGS", options.flatMap(flag)),
    ...sections.flatMap((one) => section(one.title.toUpperCase(), one.options.flatMap(flag))),
    ...section("FLAGS OF ALL COMMANDS", COMMON_OPTIONS.flatMap(flag)),
    ...(usage.includes("[source...]") ? section("SOURCES", rows(SOURCE_ROWS)) : []),
    ...(options.some(([flags]) => flags.startsWith("--deliver"))
      ? section("VALUES OF --accept", rows(ACCEPT_ROWS))
      : []),
    ...section("EXAMPLES", examples(spec.examples)),
    ...common(),
    ...section("SEE ALSO", [roff(related(spec))]),
  ]);
}

/** The commands of the same group, and the pages that all belong to. */
function related(spec: CommandSpec): string {
  const near = COMMANDS.filter((one) => one.group === spec.group && one !== spec);
  return ["unsprawl(1)", ...near.map((one) => `unsprawl-${nameOf(one)}(1)`), "unsprawl.yaml(5)"].join(", ");
}

/** What every page ends with. */
function common(): string[] {
  return [
    ...section(
      "ENVIRONMENT",
      ENVIRONMENT.flatMap(({ title, rows: own }) => [`.SS ${quoted(title)}`, ...rows(own)]),
    ),
    ...section("FILES", rows(FILES)),
    ...section(
      "EXIT STATUS",
      EXITS.flatMap(([code, meaning]) => tagged(String(code), meaning)),
    ),
  ];
}

function keys(): string[] {
  return [
    "Of the terminal UI.",
    ...Object.entries(WHERE_TITLES).flatMap(([where, title]) => [
      `.SS ${quoted(title)}`,
      ...bindings(where as keyof typeof WHERE_TITLES)
        .filter((one) => !EVERYWHERE.includes(one))
        .flatMap(({ show, long }) => tagged(show, long)),
    ]),
    ".SS everywhere",
    ...EVERYWHERE.flatMap(({ show, long }) => tagged(show, long)),
  ];
}

const EVERYWHERE = KEYMAP.filter(({ where }) => where.length === ALL.length);

const rows = (all: readonly (readonly [name: string, text: string])[]): string[] =>
  all.flatMap(([name, text]) => tagged(name, text));

const flag = ([flags, text, choices]: OptionSpec): string[] => tagged(flagText(flags), described(flags, text, choices));

function page(lines: readonly string[]): string {
  return [...lines, ""].join("\n");
}

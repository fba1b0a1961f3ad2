import { writeFileSync } from "node:fs";
import { COMMANDS } from "../cli/specs/index.ts";
import { EXITS, FILES } from "../cli/reference.ts";
import { COMMON_OPTIONS } from "../cli/specs/shared.ts";
import { optionsOf, type OptionSpec } from "../cli/specs/spec.ts";
import { VERSION } from "../model/version.ts";
import { ALL } from "../tui/bindings.ts";
import { bindings, KEYMAP, WHERE_TITLES } from "../tui/keymap.ts";

/** `unsprawl(1)`, made from the tables of commands and keys, in the macros of man(7). Written at build time. */
function manual(): string {
  return [
    `.TH UNSPRAWL 1 "" "unsprawl ${VERSION}" "User Commands"`,
    ".SH NAME",
    "unsprawl \\- find secrets in containers and move each into a secret store",
    ".SH SYNOPSIS",
    ".B unsprawl",
    "[\\-\\-accessible] [\\-\\-read\\-only]",
    ".br",
    ".B unsprawl",
    ".I command",
    "[\\fIarguments\\fR] [\\fIflags\\fR]",
    ".SH DESCRIPTION",
    roff(
      "Finds secret-like variables in containers and image configs, says why each is one, and moves each into a store,",
    ),
    roff("with the run configuration rewritten: inspect shows nothing, the application still gets its value."),
    roff(
      "Without a command, or with sources alone, it opens its terminal UI; with --accessible line by line, for screen readers.",
    ),
    ".SH COMMANDS",
    ...COMMANDS.flatMap((spec) => {
      const { usage, summary, details } = spec;
      return [
        `.SS ${quoted(`unsprawl ${usage}`)}`,
        roff(`${summary[0]?.toUpperCase() ?? ""}${summary.slice(1)}.`),
        ...(details === undefined ? [] : [".PP", roff(details)]),
        ...optionsOf(spec).flatMap(flag),
      ];
    }),
    ".SH FLAGS OF ALL COMMANDS",
    ...COMMON_OPTIONS.flatMap(flag),
    ".SH KEYS",
    "Of the terminal UI.",
    ...Object.entries(WHERE_TITLES).flatMap(([where, title]) => [
      `.SS ${quoted(title)}`,
      ...bindings(where as keyof typeof WHERE_TITLES)
        .filter((one) => !EVERYWHERE.includes(one))
        .flatMap(({ show, long }) => tagged(show, long)),
    ]),
    ".SS everywhere",
    ...EVERYWHERE.flatMap(({ show, long }) => tagged(show, long)),
    ".SH EXIT STATUS",
    ...EXITS.flatMap(([code, meaning]) => tagged(String(code), meaning)),
    ".SH FILES",
    ...FILES.flatMap(([file, what]) => tagged(file, what)),
    "",
  ].join("\n");
}

const EVERYWHERE = KEYMAP.filter(({ where }) => where.length === ALL.length);

const flag = ([flags, text, choices]: OptionSpec): string[] =>
  tagged(flags, choices === undefined ? text : `${text} (${choices.join(", ")})`);

const tagged = (tag: string, text: string): string[] => [".TP", `.B ${quoted(tag)}`, roff(text)];

const quoted = (text: string): string => `"${roff(text).replaceAll('"', '""')}"`;

/** Text as man(7) prints it as it is: a line that begins with a dot or a quote would be a request. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("`", "\\(ga")
    .replaceAll("'", "\\(aq")
    .replace(/^\./gm, "\\&.")
    .replace(
      /[^\0-\x7f]/gu,
      (sign) => `\\[u${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`,
    );
}

writeFileSync(process.argv[2] ?? "unsprawl.1", manual());

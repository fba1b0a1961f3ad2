import { flagText } from "../../src/cli/help.ts";
import { ENVIRONMENT } from "../../src/cli/reference.ts";
import { COMMANDS } from "../../src/cli/specs/index.ts";
import { COMMON_OPTIONS, UI_OPTIONS } from "../../src/cli/specs/shared.ts";
import { GROUPS, nameOf, type CommandSpec, type OptionSpec } from "../../src/cli/specs/spec.ts";
import { table } from "./tables.ts";

/** Every command with its flags and examples, as `--help` has them. */
export function commandsReference(): string {
  const groups = Object.entries(GROUPS).flatMap(([group, title]) => {
    const inGroup = COMMANDS.filter((spec) => spec.group === group);
    return inGroup.length === 0 ? [] : [`## ${title}`, ...inGroup.map(commandText)];
  });
  return [
    ...groups,
    "## Flags of all commands",
    optionsTable(COMMON_OPTIONS),
    "## Flags of the terminal UI",
    optionsTable(UI_OPTIONS),
  ].join("\n\n");
}

/** The variables that unsprawl reads, by what they are for. */
export function environmentTables(): string {
  return ENVIRONMENT.map(({ title, rows }) =>
    [
      `### ${title}`,
      table(
        ["variable", "meaning"],
        rows.map(([name, text]) => [`\`${name}\``, plain(text)]),
      ),
    ].join("\n\n"),
  ).join("\n\n");
}

function commandText(spec: CommandSpec): string {
  const { usage, summary, details, options, sections = [], examples } = spec;
  return [
    `### \`${nameOf(spec)}\``,
    `${plain(summary)}: \`unsprawl ${usage}\``,
    ...(details === undefined ? [] : [plain(details)]),
    ...(options.length === 0 ? [] : [optionsTable(options)]),
    ...sections.flatMap((one) => [`${one.title}:`, optionsTable(one.options)]),
    ["```", ...examples.map(([command, text]) => `${command}    # ${text}`), "```"].join("\n"),
  ].join("\n\n");
}

function optionsTable(options: readonly OptionSpec[]): string {
  const rows = options.map(([flags, text, choices]) => {
    const values = choices === undefined ? "" : `: ${choices.map((one) => `\`${one}\``).join(", ")}`;
    const times = flags.includes("…") ? " (repeatable)" : "";
    return [`\`${flagText(flags)}\``, `${plain(text)}${values}${times}`];
  });
  return table(["flag", "meaning"], rows);
}

/** A text of help as Markdown: what would be a tag is none. */
function plain(text: string): string {
  return text.replaceAll("<", "&lt;");
}

import { paint } from "../kit/paint.ts";
import { nearestWord } from "../kit/text/nearest.ts";
import { hanging, wrapWords } from "../kit/text/wrap.ts";
import { COMMANDS } from "./specs/index.ts";
import { ACCEPT_ROWS, ENVIRONMENT, EXITS, SOURCE_ROWS, TOPICS } from "./reference.ts";
import { COMMON_OPTIONS, UI_OPTIONS } from "./specs/shared.ts";
import { GROUPS, nameOf, type CommandSpec, type CommandExample, type OptionSpec } from "./specs/spec.ts";

type Rows = readonly (readonly [name: string, text: string])[];

const ABOUT =
  "Find secrets in containers and move each into a secret store: docker inspect shows nothing, the application still gets its value.";

/** Examples of `unsprawl --help`: from a first look to a migration. */
export const FIRST_EXAMPLES: readonly CommandExample[] = [
  ["unsprawl scan", "Find secrets in the containers of this machine"],
  ["unsprawl plan docker:web --to local", "See what moving those of one container would change"],
  ["unsprawl migrate docker:web --to local --yes", "Move them"],
  ["unsprawl rollback last", "Undo it"],
];

/** `unsprawl --help`. */
export function programHelp(stream: NodeJS.WriteStream): string {
  const groups = Object.entries(GROUPS).map(([group, title]) => {
    const rows = COMMANDS.filter((spec) => spec.group === group).map((spec) => [nameOf(spec), spec.summary] as const);
    return section(title, listed(rows, stream, COMMAND_COLUMN), stream);
  });
  return page([
    wrapWords(ABOUT, helpWidth(stream)),
    section(
      "Usage",
      [
        "  unsprawl [SOURCE...] [FLAGS]             Open the terminal UI, on a terminal",
        "  unsprawl COMMAND [ARGUMENTS] [FLAGS]     Run a command",
      ],
      stream,
    ),
    ...groups,
    section(
      "Flags of the terminal UI",
      options([...UI_OPTIONS, ["-V, --version", "Print the version"], ["-h, --help", "Show help"]], stream),
      stream,
    ),
    section("Flags of all commands", options(COMMON_OPTIONS, stream), stream),
    section("Examples", examples(FIRST_EXAMPLES, stream), stream),
    section("Exit codes", exitCodes(stream), stream),
    section("Environment", wrapped("NO_COLOR, DOCKER_HOST and others: `unsprawl help environment`.", stream), stream),
    section(
      "Learn more",
      wrapped("`unsprawl COMMAND --help`, `unsprawl help sources`, `man unsprawl`.", stream),
      stream,
    ),
  ]);
}

/** `unsprawl COMMAND --help`. */
export function commandHelp(spec: CommandSpec, stream: NodeJS.WriteStream): string {
  const { usage, summary, details, options: own, sections = [] } = spec;
  const has = (flag: string): boolean => own.some(([flags]) => flags.startsWith(flag));
  return page([
    wrapWords(`${summary}.`, helpWidth(stream)),
    section("Usage", [`  unsprawl ${usage}${own.length + sections.length > 0 ? " [flags]" : ""}`], stream),
    ...(details === undefined
      ? []
      : [details.split("\n\n").flatMap((one, at) => [...(at > 0 ? [""] : []), ...wrapWords(one, helpWidth(stream))])]),
    ...(own.length > 0 ? [section("Flags", options(own, stream), stream)] : []),
    ...sections.map((one) => section(one.title, options(one.options, stream), stream)),
    section("Flags of all commands", options([...COMMON_OPTIONS, ["-h, --help", "Show this help"]], stream), stream),
    ...(usage.includes("[source...]") ? [section("Sources", listed(SOURCE_ROWS, stream), stream)] : []),
    ...(has("--fail-on") ? [failOnHelp(stream)] : []),
    ...(has("--deliver") ? [deliverHelp(stream), acceptHelp(stream)] : []),
    section("Examples", examples(spec.examples, stream), stream),
  ]);
}

/** `unsprawl help TOPIC`; null for what is neither a topic nor a command. */
export function topicHelp(topic: string, stream: NodeJS.WriteStream): string | null {
  if (Object.hasOwn(TOPIC_PAGES, topic)) return TOPIC_PAGES[topic as (typeof TOPICS)[number]](stream);
  const spec = COMMANDS.find((one) => nameOf(one) === topic);
  return spec === undefined ? null : commandHelp(spec, stream);
}

/** The topic or command that is most like the word; null if none is. */
export function nearestTopic(word: string): string | null {
  return nearestWord(word, [...TOPICS, ...COMMANDS.map(nameOf)]);
}

const TOPIC_PAGES: { readonly [topic in (typeof TOPICS)[number]]: (stream: NodeJS.WriteStream) => string } = {
  accept: (stream) => page([acceptHelp(stream)]),
  sources: (stream) => page([section("Sources", listed(SOURCE_ROWS, stream), stream)]),
  environment: (stream) => page(ENVIRONMENT.map(({ title, rows }) => section(title, listed(rows, stream), stream))),
  "exit-codes": (stream) => page([section("Exit codes", exitCodes(stream), stream)]),
};

function acceptHelp(stream: NodeJS.WriteStream): string[] {
  const lead = "A plan refuses what would lose or change more than expected, and names the value that permits it:";
  return titled("VALUES OF --accept", [...wrapped(lead, stream), ...listed(ACCEPT_ROWS, stream)], stream);
}

function deliverHelp(stream: NodeJS.WriteStream): string[] {
  const rows: Rows = [
    ["auto", "whichever fits; the plan says which, and why"],
    ["file", "a file under /run/secrets, and NAME_FILE: for images that read such files"],
    ["runtime", "the OCI runtime resolves references at each start: for any image"],
    ["volume", "a volume of the engine's plugin holds the values in memory: any Docker whose API is reached"],
    ["shim", "a script in front of the entrypoint exports the values: needs a shell in the image"],
  ];
  return titled("VALUES OF --deliver", listed(rows, stream), stream);
}

function failOnHelp(stream: NodeJS.WriteStream): string[] {
  const rows: Rows = [
    ["low, medium, high", "how certain it is that it is a secret (confidence)"],
    ["critical", "how bad a leak would be (severity); the same as severity:critical"],
    ["severity:LEVEL", "low, medium, high or critical"],
    ["never", "always exit 0"],
  ];
  return titled("VALUES OF --fail-on", listed(rows, stream), stream);
}

function exitCodes(stream: NodeJS.WriteStream): string[] {
  return listed(
    EXITS.map(([code, meaning]) => [String(code), meaning] as const),
    stream,
  );
}

function options(specs: readonly OptionSpec[], stream: NodeJS.WriteStream): string[] {
  return listed(
    specs.map(([flags, text, choices]) => [flagText(flags), described(flags, text, choices)] as const),
    stream,
  );
}

const LISTED_APART = ["--fail-on", "--deliver", "--accept"];

/** A flag as help shows it: `--only <name>`, without the mark of what may be given more than once. */
export const flagText = (flags: string): string => flags.replace("…", "");

/** What help says about a flag, its values included unless they are listed apart. */
export function described(flags: string, text: string, choices?: readonly string[]): string {
  const isApart = LISTED_APART.some((flag) => flags.startsWith(flag));
  const values = choices === undefined || isApart ? "" : `: ${choices.join(", ")}`;
  return `${text}${values}${flags.includes("…") ? " (repeatable)" : ""}`;
}

function examples(all: readonly CommandExample[], stream: NodeJS.WriteStream): string[] {
  return all.flatMap(([command, text]) => [paint("dim", `  # ${text}`, stream), `  ${command}`]);
}

const COMMAND_COLUMN = 12;
const FLAG_COLUMN = 26;

/** Names in a column, texts beside them; a name that is too long has a line to itself. */
function listed(rows: Rows, stream: NodeJS.WriteStream, least = 0): string[] {
  const longest = Math.max(...rows.map(([name]) => name.length));
  const column = Math.min(Math.max(longest, least), FLAG_COLUMN) + 4;
  return rows.flatMap(([name, text]) => {
    const head = `  ${name.padEnd(column - 2)}`;
    if (name.length <= column - 4) return hanging(head, text, column, helpWidth(stream));
    return [`  ${name}`, ...hanging(" ".repeat(column), text, column, helpWidth(stream))];
  });
}

function wrapped(text: string, stream: NodeJS.WriteStream): string[] {
  return wrapWords(text, helpWidth(stream) - 2).map((line) => `  ${line}`);
}

function section(title: string, lines: readonly string[], stream: NodeJS.WriteStream): string[] {
  return titled(title.toUpperCase(), lines, stream);
}

function titled(title: string, lines: readonly string[], stream: NodeJS.WriteStream): string[] {
  return [paint("bold", title, stream), ...lines];
}

function page(sections: readonly (readonly string[])[]): string {
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

const WIDEST = 100;

/** Help is for people: a pipe, such as to a pager, gets 80 columns. */
function helpWidth(stream: NodeJS.WriteStream): number {
  return stream.isTTY ? Math.min(Math.max(40, stream.columns ?? 80), WIDEST) : 80;
}

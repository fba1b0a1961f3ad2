import { SOURCES } from "../../assembly/plug-ins.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { COMMANDS } from "../specs/index.ts";
import type { CommandContext } from "../context.ts";
import { writeResult } from "../output.ts";
import { COMMON_OPTIONS } from "../specs/shared.ts";
import { optionsOf } from "../specs/spec.ts";

/** `unsprawl completion bash|zsh|fish`: made from the table of commands. */
export async function run(context: CommandContext, args: readonly string[]): Promise<number> {
  const make = { bash, zsh, fish }[args[0] ?? ""];
  if (!make)
    throw new UnsprawlError(
      "usage",
      `no completion for ${JSON.stringify(args[0])}`,
      "unsprawl completion bash|zsh|fish",
    );
  await writeResult(make(), null, context);
  return EXIT.ok;
}

type CommandSummary = {
  readonly name: string;
  readonly summary: string;
  /** What it takes besides flags: sources, by their prefixes. */
  readonly sources: readonly (readonly [begin: string, summary: string])[];
  readonly flags: readonly (readonly [flag: string, text: string, choices: string])[];
};

function words(): CommandSummary[] {
  return COMMANDS.map((spec) => ({
    name: spec.usage.split(" ")[0] ?? "",
    summary: spec.summary,
    sources: spec.usage.includes("[source...]") ? SOURCES.map(({ kind, summary }) => [`${kind}:`, summary]) : [],
    flags: [...optionsOf(spec), ...COMMON_OPTIONS].map(
      ([flags, text, choices = []]) => [/--[\w-]+/.exec(flags)?.[0] ?? "", text, choices.join(" ")] as const,
    ),
  }));
}

function bash(): string {
  const cases = words().map(({ name, flags, sources }) => {
    const all = [...flags, ...sources].map(([word]) => word);
    return `    ${name}) words="${all.join(" ")}" ;;`;
  });
  // A flag takes the same values with every command.
  const valued = new Map(
    words()
      .flatMap(({ flags }) => flags.flatMap(([flag, , all]) => (all ? [[flag, all] as const] : [])))
      .toReversed(),
  );
  const values = [...valued].map(([flag, all]) => `    ${flag}) words="${all}" ;;`);
  return `# unsprawl completion bash > /etc/bash_completion.d/unsprawl
_unsprawl() {
  local words cur=\${COMP_WORDS[COMP_CWORD]}
  case \${COMP_WORDS[1]} in
${cases.join("\n")}
    *) words="${words()
      .map((one) => one.name)
      .join(" ")}" ;;
  esac
  [ "$COMP_CWORD" -gt 1 ] || words="${words()
    .map((one) => one.name)
    .join(" ")}"
  case \${COMP_WORDS[COMP_CWORD-1]} in
${values.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$cur"))
}
complete -F _unsprawl unsprawl`;
}

function zsh(): string {
  const plain = (text: string): string => text.replace(/[\\':[\]]/g, " ");
  const cases = words().map(
    ({ name, flags, sources }) =>
      `    ${name}) _arguments ${flags.map(([flag, text, all]) => `'${flag}[${plain(text)}]${all && `:value:(${all})`}'`).join(" ")} ${sources.length === 0 ? "'*:file:_files'" : `'*:source:(${sources.map(([begin]) => begin.replace(":", "\\:")).join(" ")})'`} ;;`,
  );
  return `#compdef unsprawl
_unsprawl() {
  local -a commands=(${words()
    .map(({ name, summary }) => `'${name}:${plain(summary)}'`)
    .join(" ")})
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case $words[2] in
${cases.join("\n")}
  esac
}
compdef _unsprawl unsprawl`;
}

function fish(): string {
  const plain = (text: string): string => text.replace(/[\\']/g, " ");
  return words()
    .flatMap(({ name, summary, flags, sources }) => [
      `complete -c unsprawl -n __fish_use_subcommand -a ${name} -d '${plain(summary)}'`,
      ...sources.map(
        ([begin, text]) =>
          `complete -c unsprawl -n '__fish_seen_subcommand_from ${name}' -a '${begin}' -d '${plain(text)}'`,
      ),
      ...flags.map(
        ([flag, text, all]) =>
          `complete -c unsprawl -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)} -d '${plain(text)}'${all && ` -x -a '${all}'`}`,
      ),
    ])
    .join("\n");
}

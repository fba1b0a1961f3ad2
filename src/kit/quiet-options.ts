/** Of NODE_OPTIONS: what writes memory, the environment or the keys of TLS to a file or a terminal (nodejs.org/api/cli). */
const LOUD =
  /^--(?:tls-keylog|trace-tls|trace-env(?:-.+)?|report-.+|heapsnapshot-.+|heap-prof(?:-.+)?|abort-on-uncaught-exception)$/;
/** Those of them that take a value, as `--flag=value` or in the next word. */
const VALUED =
  /^--(?:tls-keylog|report-(?:directory|dir|filename|signal)|heapsnapshot-.+|heap-prof-(?:dir|name|interval))$/;

/**
 * The environment without what makes Node itself write what passes through it; null when there is nothing of the kind.
 * Deleting such a variable from a process that runs is too late: Node has read it before the first line of a program.
 */
export function quietEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv | null {
  const { NODE_DEBUG, NODE_DEBUG_NATIVE, NODE_OPTIONS, ...rest } = env;
  const options = quietOptions(NODE_OPTIONS ?? "");
  if (NODE_DEBUG === undefined && NODE_DEBUG_NATIVE === undefined && options === (NODE_OPTIONS ?? "")) return null;
  return options === "" ? rest : { ...rest, NODE_OPTIONS: options };
}

/** NODE_OPTIONS as it stands, but for the words that are loud. */
function quietOptions(options: string): string {
  // Blanks part words, but not in double quotes, where a backslash escapes (node/src/node_options.cc).
  const words = options.match(/(?:"(?:\\.|[^"\\])*"?|[^\s"])+/g) ?? [];
  const kept: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const [name = ""] = word.replaceAll('"', "").replaceAll("_", "-").split("=", 1);
    if (!LOUD.test(name)) kept.push(word);
    else if (VALUED.test(name) && !word.includes("=")) at++;
  }
  return kept.length === words.length ? options : kept.join(" ");
}

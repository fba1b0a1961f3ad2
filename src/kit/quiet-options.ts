/** NODE_OPTIONS that write memory, the environment or TLS keys to a file or a terminal (nodejs.org/api/cli). */
const LOUD =
  /^--(?:tls-keylog|trace-tls|trace-env(?:-.+)?|report-.+|heapsnapshot-.+|heap-prof(?:-.+)?|abort-on-uncaught-exception)$/;
/** Those options that take a value, as `--flag=value` or in the next word. */
const VALUED =
  /^--(?:tls-keylog|report-(?:directory|dir|filename|signal)|heapsnapshot-.+|heap-prof-(?:dir|name|interval))$/;

/**
 * The environment without settings that make Node itself write data passing through it; null if there are none.
 * Deleting them in a running process is too late: Node reads them before the program starts.
 */
export function quietEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv | null {
  const { NODE_DEBUG, NODE_DEBUG_NATIVE, NODE_OPTIONS, ...rest } = env;
  const options = quietOptions(NODE_OPTIONS ?? "");
  if (NODE_DEBUG === undefined && NODE_DEBUG_NATIVE === undefined && options === (NODE_OPTIONS ?? "")) return null;
  return options === "" ? rest : { ...rest, NODE_OPTIONS: options };
}

/** NODE_OPTIONS without the words in `LOUD`. */
function quietOptions(options: string): string {
  // Words are separated by white space outside double quotes, in which a backslash escapes (node/src/node_options.cc).
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

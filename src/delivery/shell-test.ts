/** What is known where a script's test runs. */
export type TestContext = {
  /** Each of the words that `$1` may be; empty if it is not known. */
  readonly argument: readonly string[];
  /** The variable that is delivered, which is not set then. */
  readonly name: string;
  /** Variables that name its file: NAME_FILE, and those of loops over such. */
  readonly forms: readonly string[];
  /** As `argument`, for variables that are `$1` as it was at first. */
  readonly original: readonly string[];
  readonly aliases: ReadonlySet<string>;
};

/**
 * Whether a script's test certainly holds. Only forms that are written down here do: `$1` is a word or begins like one, the
 * file's variable is set or names a file, the variable itself is empty, the script is not sourced, nobody asks for help.
 * `&&` and `||` bind alike, from the left (POSIX Shell Command Language, 2.9.3 Lists).
 */
export function holds(test: string, context: TestContext): boolean {
  const parts = test.replace(/^\s*(?:then|do|\{)\s/, "").split(/(&&|\|\|)/);
  // `test && command`: what stands behind the operator is the command.
  if (parts.length > 1 && parts.at(-1)?.trim() === "") {
    parts.pop();
    if (parts.pop() === "||") return false;
  }
  let all = isCertain(parts[0] ?? "", context);
  for (let at = 1; at < parts.length; at += 2) {
    const next = isCertain(parts[at + 1] ?? "", context);
    all = parts[at] === "&&" ? all && next : all || next;
  }
  return all;
}

function isCertain(text: string, context: TestContext): boolean {
  const whole = text.replaceAll("\\\n", " ").trim().replace(/;$/, "").trim();
  if (/^!\s+_is_sourced$|^!\s+\w{0,100}_want_help "\$@"$/.test(whole)) return true;
  const [, single, double, plain] = /^(?:\[ (.+) \]|\[\[ (.+) \]\]|test (.+))$/s.exec(whole) ?? [];
  const inner = (single ?? double ?? plain)?.trim();
  if (inner === undefined) return false;
  const [, sign, variable] = /^(?:(-[nzfres])\s+)?"?\$(?:\{!?)?(\w+)(?::?-)?\}?"?$/.exec(inner) ?? [];
  if (variable !== undefined)
    return sign === "-z" ? variable === context.name : context.forms.includes(variable) && variable !== context.name;
  return isArgument(inner, double !== undefined, context);
}

/** `"$1" = server`, or with a pattern, in `[[ … ]]` alone: `"$1" == apache2*`. */
function isArgument(inner: string, isPattern: boolean, { argument, original, aliases }: TestContext): boolean {
  const [, variable = "", word = ""] = /^"?\$\{?(\w+)\}?"?\s+==?\s+(\S+)$/.exec(inner) ?? [];
  const known = variable === "1" ? argument : aliases.has(variable) ? original : [];
  const [, quoted] = /^(?:'([\w./-]+)'|"([\w./-]+)"|([\w./-]+))$/.exec(word)?.filter((one) => one !== undefined) ?? [];
  const [, beginning] = /^([\w./-]+)\*$/.exec(word) ?? [];
  const isIt = (one: string): boolean =>
    quoted === undefined ? isPattern && beginning !== undefined && one.startsWith(beginning) : one === quoted;
  return known.length > 0 && known.every(isIt);
}

/** A word of a command with its place in the text, in UTF-16 units and with its quotes. */
export type ShellWord = {
  readonly start: number;
  readonly end: number;
  /** As the command gets it; where it `expands`, what stands there. */
  readonly text: string;
  /** Holds a variable, a command's output, a pattern or `~`: what the command gets is known only when it runs. */
  readonly expands: boolean;
};

/** A part of a text, in UTF-16 units. */
export type Span = { readonly start: number; readonly end: number };

/**
 * The simple commands of a POSIX shell script by their words, in the order in which they end, those inside `$(…)` too.
 * Redirections are left out, and so are the bodies of here-documents, which are added to `bodies`. Never fails: what is
 * open at the end counts as closed.
 */
export function shellCommands(text: string, bodies: Span[] = []): ShellWord[][] {
  return commandsIn(text, 0, text.length, 0, bodies);
}

/** So many commands inside one another are read; deeper ones are part of a word only. */
const DEEPEST = 8;

function commandsIn(text: string, from: number, to: number, depth: number, found: Span[]): ShellWord[][] {
  const commands: ShellWord[][] = [];
  const bodies: { readonly end: string; readonly tabs: boolean }[] = [];
  let command: ShellWord[] = [];
  let redirected: "file" | "body" | "tabbed body" | null = null;
  let at = from;
  const close = (): void => {
    if (command.length > 0) commands.push(command);
    command = [];
    redirected = null;
  };
  while (at < to) {
    const rest = text.slice(at, Math.min(to, at + 4));
    if (/^[ \t\r]/.test(rest)) at++;
    else if (/^\\\r?\n/.test(rest)) at = text.indexOf("\n", at) + 1;
    else if (rest.startsWith("#")) at = lineEnd(text, at, to);
    else if (rest.startsWith("\n")) {
      close();
      at++;
      for (const body of bodies.splice(0)) {
        const end = afterBody(text, at, to, body);
        found.push({ start: at, end });
        at = end;
      }
    } else if (/^(?:\d*[<>]|&>)(?!\()/.test(rest)) {
      const [operator = ""] = /^(?:&>>?|\d*(?:<<-|<<<|<<|>>|<&|>&|>\||<>|[<>]))/.exec(rest) ?? [];
      const body = operator.endsWith("<<") && !operator.endsWith("<<<");
      redirected = operator.endsWith("<<-") ? "tabbed body" : body ? "body" : "file";
      at += Math.max(1, operator.length);
    } else if (/^[;&|()]/.test(rest)) {
      close();
      at++;
    } else {
      const word = readWord(text, at, to, depth, { commands, bodies: found });
      if (redirected === "body" || redirected === "tabbed body")
        bodies.push({ end: word.text, tabs: redirected !== "body" });
      else if (redirected === null) command.push(word);
      redirected = null;
      at = word.end;
    }
  }
  close();
  return commands;
}

type Nested = { readonly commands: ShellWord[][]; readonly bodies: Span[] };

function readWord(text: string, start: number, to: number, depth: number, nested: Nested): ShellWord {
  let [at, expands, value] = [start, false, ""];
  const output = (): void => {
    const end = substitutionEnd(text, at, to);
    // Arithmetic is no command.
    if (/^\$\((?!\()/.test(text.slice(at, at + 3)) && depth < DEEPEST) {
      const inner = text.charAt(end - 1) === ")" ? end - 1 : end;
      for (const one of commandsIn(text, at + 2, inner, depth + 1, nested.bodies)) nested.commands.push(one);
    }
    value += text.slice(at, end);
    expands = true;
    at = end;
  };
  while (at < to && !/[ \t\r\n;&|()<>]/.test(text.charAt(at))) {
    const char = text.charAt(at);
    if (char === "'" || (char === "$" && text.charAt(at + 1) === "'")) {
      if (char === "$") expands = true; // bash's own escapes
      const open = text.indexOf("'", at) + 1;
      const shut = text.indexOf("'", open);
      const end = shut < 0 || shut > to ? to : shut;
      value += text.slice(open, end);
      at = Math.min(to, end + 1);
    } else if (char === '"') {
      at++;
      while (at < to && text.charAt(at) !== '"') {
        const escaped = /^\\(?:\r?\n|[\\"$`])/.exec(text.slice(at, at + 3))?.[0];
        if (escaped !== undefined) {
          value += escaped.endsWith("\n") ? "" : escaped.slice(1);
          at += escaped.length;
        } else if (/[$`]/.test(text.charAt(at))) output();
        else value += text.charAt(at++);
      }
      at = Math.min(to, at + 1);
    } else if (char === "\\") {
      const [escaped = "\\"] = /^\\(?:\r?\n|[^])?/.exec(text.slice(at, at + 3)) ?? [];
      value += escaped.endsWith("\n") ? "" : escaped.slice(1);
      at += escaped.length;
    } else {
      if (char === "$" || char === "`") output();
      else {
        if (/[*?[]/.test(char) || (char === "~" && /(^|[=:])$/.test(value))) expands = true;
        // bash makes several words of `{a,b}` and `{1..3}`.
        if (char === "{" && /^\{[^{}\s]*(?:,|\.\.)/.test(text.slice(at, Math.min(to, at + 256)))) expands = true;
        value += char;
        at++;
      }
    }
  }
  // Nothing but an operator that is no word's: taken as one, so that reading goes on.
  return { start, end: Math.max(at, start + 1), text: value, expands };
}

/** The end of `$NAME`, `${…}`, `$(…)` or a command in backquotes; of a lone `$` the next character. */
function substitutionEnd(text: string, at: number, to: number): number {
  if (text.charAt(at) === "`") {
    const [inside = "`"] = /^`(?:\\[^]|[^`\\])*`?/.exec(text.slice(at, to)) ?? [];
    return at + inside.length;
  }
  const [, open = ""] = /^\$([({])/.exec(text.slice(at, at + 2)) ?? [];
  if (open === "") return at + (/^\$(?:\w+|[@*#?$!-])?/.exec(text.slice(at, Math.min(to, at + 256)))?.[0].length ?? 1);
  const shut = open === "(" ? ")" : "}";
  let depth = 0;
  for (let end = at + 1; end < to; end++) {
    const char = text.charAt(end);
    if (char === "\\") end++;
    else if (char === "'") end = text.indexOf("'", end + 1) < 0 ? to : text.indexOf("'", end + 1);
    else if (char === open) depth++;
    else if (char === shut && --depth === 0) return end + 1;
  }
  return to;
}

function afterBody(
  text: string,
  from: number,
  to: number,
  body: { readonly end: string; readonly tabs: boolean },
): number {
  for (let at = from; at < to;) {
    const end = lineEnd(text, at, to);
    const line = text.slice(at, end).replace(/\r$/, "");
    at = Math.min(to, end + 1);
    if ((body.tabs ? line.replace(/^\t+/, "") : line) === body.end) return at;
  }
  return to;
}

function lineEnd(text: string, at: number, to: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 || end > to ? to : end;
}

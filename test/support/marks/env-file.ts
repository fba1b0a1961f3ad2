import { lineOf } from "../../../src/kit/text/lines.ts";
import { close, open, PASSED, REACHES, SECOND, withSecondNames, type Mark } from "./text.ts";

/** Collects what a marked copy of a project needs: its marks, and the variables that have a second name. */
export type Marking = { readonly names: Set<string>; readonly mark: (mark: Mark) => number };

const LINE =
  /^([ \t]*(?:export[ \t]+)?)([A-Za-z_][\w.\-[\]]*)([ \t]*[=:][ \t]*)('(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"|[^\r\n]*)[^\r\n]*\r?\n?/gm;
const NAME_ALONE = /^([ \t]*(?:export[ \t]+)?)([A-Za-z_]\w*)[ \t]*$/gm;

/** An env file with a second line after each, whose value carries a mark. */
export function markedEnvFile({ names, mark }: Marking, file: string, text: string, isRaw: boolean): string {
  let made = "";
  let done = 0;
  for (const found of text.matchAll(LINE)) {
    const [whole, lead = "", name = "", sign = "", written = ""] = found;
    const [start, end] = [found.index, found.index + whole.length];
    made += text.slice(done, end);
    done = end;
    if (!made.endsWith("\n")) made += "\n";
    names.add(name);
    const quote = /^['"]/.test(written) ? written.charAt(0) : "";
    const value = quote === "" ? written.replace(/(^|\s)#.*$/, "").trim() : written.slice(1, -1);
    const from = { file, line: lineOf(text, start), start, end };
    const id = mark({ ...from, kind: "line" });
    const isPlain = quote === "'" || isRaw;
    const isName = /^[A-Za-z_]\w*$/.test(name);
    const body = isPlain ? value : withSecondNames(value, names, (kind) => mark({ ...from, kind }));
    // A variable that ends up empty decides between branches: its second name must be empty too.
    const mayBeEmpty = !isPlain && isName && value.includes("$");
    const marked = mayBeEmpty
      ? `\${${name}:+${open(id)}}${body}\${${name}:+${close(id)}}`
      : `${open(id)}${body}${close(id)}`;
    made += `${lead}${name}${SECOND}${sign}${quote}${value === "" ? "" : marked}${quote}\n`;
    made += `${lead}${name}${REACHES}${id}=\n`;
    // An empty one has a place too.
    if (value === "" && isName) made += `${lead}${name}${PASSED}=${open(id)}${close(id)}\n`;
  }
  return (made + text.slice(done)).replace(NAME_ALONE, (line, lead: string, name: string) => {
    names.add(name);
    return `${line}\n${lead}${name}${SECOND}`;
  });
}

import type { Language } from "./language.ts";
import { leaveOut } from "../unread.ts";
import { openedIn } from "./here-documents.ts";
import { unescaped } from "./unescape.ts";

/** A command in a file: its place there, one character a byte, and the text as its shell gets it. */
export type CommandInText = { readonly start: number; readonly end: number; readonly text: string };

const MOST = 200_000;
const LONGEST = 16_384;
/** A command without one of these holds no secret that a command line can hold. */
const LIKELY =
  /pass|pwd|secret|token|key|auth|cred|login|salt|cookie|bearer|identified|:\/\/|<<<|\bpw\b|[\s"']-{1,2}[A-Za-z]|\s\/[a-z]{1,8}:|\bnet\suse|[:/]\S{3,80}@|add_user|=\S|\becho\b|\bprintf\b|\bsed\b/i;

const STEPS =
  /^(\s{0,80})(?:-\s{1,4})?(["']?)(?:run|script|scripts|before_script|after_script|command|commands|cmd|args|entrypoint|test|exec|shell|inline|pre|post|healthcheck|runcmd|bootcmd|bash|sh|powershell)\2:(?:\s{1,8}(\S[^\n]{0,8000}))?\s{0,8}$/;

/** The commands of a file whose lines, or some of whose values, are commands of a shell. */
export function commandsIn(text: string, language: Language): CommandInText[] {
  const found: CommandInText[] = [];
  const add = (start: number, end: number, command: string): void => {
    if (command.length <= 3 || command.length > LONGEST || !LIKELY.test(command)) return;
    if (found.length < MOST) found.push({ start, end, text: command });
    else leaveOut("commands");
  };
  if (language === "code") ofStatements(text, add);
  else if (language === "groovy") inSteps(text, add);
  else if (language === "yaml") inYaml(text, add);
  else if (language === "hcl") inHereDocuments(text, add);
  else inLines(text, language, add);
  return found;
}

type AddCommand = (start: number, end: number, command: string) => void;

const DOCKER =
  /^\s{0,40}(?:ONBUILD\s{1,4})?(?:RUN|CMD|ENTRYPOINT|SHELL|HEALTHCHECK(?:\s{1,4}--\S{1,60}){0,6}\s{1,4}CMD)\s{1,8}(?:--\S{1,200}\s{1,4}){0,6}/i;

/** A line with those that it continues on. */
function inLines(text: string, language: Language, add: AddCommand): void {
  let last: string | null = null; // what ends the here-document that is open
  for (let start = 0; start < text.length;) {
    let end = lineEnd(text, start);
    while (text.charAt(end - 1) === "\\" && end < text.length && end - start < LONGEST) end = lineEnd(text, end + 1);
    const line = text.slice(start, end);
    const opens: string | null = last === null ? openedIn(line) : null;
    if (last !== null && line.trim() === last) last = null;
    if (last !== null) {
      // A text, of which statements alone are commands to somebody.
      if (STATEMENT.test(line)) add(start, end, line);
    } else if (/^\s{0,80}(?:@?for\s\/f\s|@?set\s\/p\s|REM\s|::)/i.test(line)) {
      // Of a batch file.
    } else if (/^\s{0,80}(?:read|echo|printf|die|warn|fail|log|info|error)\s[^|>]{0,2000}$/.test(line)) {
      // Words for people.
    } else if (language === "make") {
      const recipe = /^\t[@+-]{0,3}/.exec(line);
      if (recipe !== null) add(start, end, line.slice(recipe[0].length).replaceAll("$$", "$"));
    } else if (language === "docker") {
      const instruction = DOCKER.exec(line);
      if (instruction !== null)
        add(start, end, line.slice(instruction[0].length).replace(/\\\r?\n(?:\s{0,80}#[^\n]{0,400}\n)?/g, " "));
    } else if (!/^\s{0,80}(?:#|$)/.test(line)) {
      // MySQL's history has spaces as escapes.
      add(start, end, line.replace(/^: \d{9,11}:\d{1,6};/, "").replaceAll("\\040", " "));
    }
    if (opens !== null) last = opens;
    start = end + 1;
  }
}

/** Of a file of statements those that may give an account a password. */
function ofStatements(text: string, add: AddCommand): void {
  for (let start = 0; start < text.length;) {
    const end = lineEnd(text, start);
    const line = text.slice(start, end);
    if (!/^\s{0,80}(?:--|#)/.test(line) && (STATEMENT.test(line) || POWERSHELL.test(line)))
      // SQL Server's mark of a text.
      add(start, end, line.replace(/\bN(?=')/g, " "));
    start = end + 1;
  }
}

/** What Terraform hands to machines: the lines of here-documents, and the strings of `inline`. */
function inHereDocuments(text: string, add: AddCommand): void {
  let last: string | null = null;
  for (let start = 0; start < text.length;) {
    const end = lineEnd(text, start);
    const line = text.slice(start, end);
    if (last !== null) {
      if (line.trim() === last) last = null;
      else if (!/^\s{0,80}(?:#|$)/.test(line)) add(start, end, line.trim());
    } else {
      last = /=\s{0,4}<<[-~]?([A-Za-z_]\w{0,40})\s{0,8}$/.exec(line)?.[1] ?? null;
      const inline = /^\s{0,80}(?:inline\s{0,8}=\s{0,8}\[\s{0,8})?"((?:\\.|[^"\\]){8,2000})"\s{0,4}[,\]]/.exec(
        line,
      )?.[1];
      if (inline !== undefined) add(start, end, unescaped(inline));
    }
    start = end + 1;
  }
}

const POWERSHELL =
  /\bConvertTo-SecureString\b|^\s{0,40}(?:cmdkey|net\suser?)\s|\s-\w{0,20}(?:password|passwd|token|secret|apikey)\s{1,4}["']/i;
const STATEMENT =
  /\bidentified\s+(?:by|with|as)\b|=\s{0,4}password\(['"]|\bpassword(?:\s{1,4}|\s{0,4}=\s{0,4})(?:N|password\()?['"]|\bset\s+password\b|\brequirepass\b|\bcreateUser\b|\bpwd\b/i;

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

/** The next line that is not empty gives a name a value. */
const MAPPING = /^(?:[ \t\r]{0,80}\n){0,3}[ \t]{1,120}["']?[\w./$-]{1,100}["']?:(?:\s|$)/;

/** Values below `run:`, `script:`, `command:` and the like: on the line, in a block, in a list. */
function inYaml(text: string, add: AddCommand): void {
  let below = -1;
  const words: string[] = [];
  let listed = 0;
  const flush = (end: number): void => {
    // `args: ["-a", "…"]` over several lines is one command.
    if (words.length > 1) add(listed, end, JSON.stringify(words));
    words.length = 0;
  };
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = lineEnd(text, start);
    const line = text.slice(start, end);
    const step = line.length < 9000 && line.includes(":") ? STEPS.exec(line) : null;
    if (step !== null) {
      flush(start);
      const value = step[3];
      // `post:` of an OpenAPI document: what stands below are names with values.
      const mapping = value === undefined && MAPPING.test(text.slice(end + 1, end + 400));
      below = mapping ? -1 : line.search(/[^\s-]/);
      if (value !== undefined && !/^[|>]/.test(value)) add(start + line.lastIndexOf(value), end, scalar(value));
    } else if (below >= 0 && endsBlock(line, below)) {
      flush(start);
      below = -1;
    } else if (below >= 0 && line.trim() !== "") {
      const item = /^\s{0,120}-\s{1,8}(\S[^\n]{0,8000})$/.exec(line)?.[1];
      const command = scalar(item ?? line.trim());
      if (item !== undefined && words.length < 200) {
        if (words.length === 0) listed = start;
        words.push(command);
      }
      if (!/^[|>]/.test(command)) add(start + line.lastIndexOf(item ?? line.trimStart()), end, command);
    }
  }
  flush(text.length);
}

/** Whether a line stands no longer below the key whose place on its line is `below`. */
function endsBlock(line: string, below: number): boolean {
  if (line.trim() === "") return false;
  const indent = line.length - line.trimStart().length;
  return indent < below || (indent === below && !/^\s{0,80}-\s/.test(line));
}

function scalar(value: string): string {
  const text = value.trim();
  if (/^"(?:\\.|[^"\\])*"$/.test(text)) return unescaped(text.slice(1, -1));
  return /^'(?:''|[^'])*'$/.test(text) ? text.slice(1, -1).replaceAll("''", "'") : text;
}

const STEP =
  /\b(?:sh|bat|powershell|pwsh|bash|exec|execute|commandLine)\s{0,4}\(?\s{0,4}(?:script\s{0,2}:\s{0,4})?("""|'''|"|')((?:\\[\s\S]|[^\\]){1,8192}?)\1/g;

/** Jenkins' `sh '…'`, also over several lines. */
function inSteps(text: string, add: AddCommand): void {
  for (const match of text.matchAll(STEP)) {
    const [whole, quote = "", body = ""] = match;
    if (quote.length === 1 && body.includes("\n")) continue;
    let at = match.index + whole.length - quote.length - body.length;
    for (const line of body.split("\n")) {
      add(at, at + line.length, unescaped(line.trim()));
      at += line.length + 1;
    }
  }
}

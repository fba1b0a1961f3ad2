/** Forms of values that contain no secret, one pattern per line; what tools write in place of a value is in a table. */
import rows from "./reference-tools.json" with { type: "json" };

/** A URL with a password in it, `vault://web:…@host`, is a login at that server, whatever its scheme is. */
const NO_LOGIN = String.raw`(?!//[^/?#@:]{0,100}:[^/?#@]{1,300}@)`;

/**
 * What a tool writes where a secret belongs: schemes before `://`, the beginnings of `vault:secret/web#KEY`, and other
 * forms. `example` is one, and `counterExample` a secret that merely begins alike.
 */
type ReferenceRow = {
  readonly urls?: readonly string[];
  readonly entries?: readonly string[];
  readonly forms?: readonly string[];
  readonly example: string;
  readonly counterExample: string;
};
const TOOLS: readonly (readonly [tool: string, row: ReferenceRow])[] = Object.entries<ReferenceRow>(rows);

/** The tools by whose references a value is not one itself; the first that matches names it. */
export const REFERENCE_TOOLS = TOOLS.map(([tool, row]) => ({ ...row, tool, pattern: whole(formsOf([row])) }));

/** References that one tool writes, or several; those of shells, templates and languages are rows of dismissals/values.json. */
export const REFERENCE = whole(
  formsOf([
    ...TOOLS.map(([, row]) => row),
    // Of several tools.
    { urls: ["secret", "secrets", "secretref", "file", "env", "keyring"] },
    { entries: ["secret", "secrets", "secretref", "resolve", "keyring", "from", "from_file", "cmd"] },
  ]),
);

/** As few alternatives as there can be: nearly every value is compared with them. */
function formsOf(all: readonly Pick<ReferenceRow, "urls" | "entries" | "forms">[]): readonly string[] {
  const [urls, entries] = [all.flatMap((row) => row.urls ?? []), all.flatMap((row) => row.entries ?? [])];
  const tail = String.raw`(?!v\d:)(?=[a-z]{4,80}$|[a-z0-9]{0,80}[/#._:@{}$-])[A-Za-z0-9_./#@:{}$-]{2,400}`;
  return [
    ...(urls.length === 0 ? [] : [`(?:${urls.join("|")}):${NO_LOGIN}//.{1,1000}`]),
    ...(entries.length === 0 ? [] : [`(?:${entries.join("|")}):${NO_LOGIN}${tail}`]),
    ...all.flatMap((row) => row.forms ?? []),
  ];
}

function whole(patterns: readonly string[]): RegExp {
  return new RegExp(`^(?:${patterns.join("|")})$`, "i");
}

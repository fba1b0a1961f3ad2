import { decideIn } from "../classify.ts";
import { isEvidence, MEDIUM, type Evidence } from "../evidence.ts";
import { others } from "../several.ts";
import { utf8Text, type NamedLiteral } from "./assignment.ts";
import type { CleanLines } from "./clean-lines.ts";
import type { CleanTexts } from "./clean.ts";
import type { HereDocuments } from "./here-documents.ts";
import type { TextKind } from "./kind.ts";
import type { Language } from "./language.ts";
import type { LineBounds } from "./line-bounds.ts";
import { isExpanded, lineAround, namesEntry, placeOf } from "./places.ts";
import { inKind, plausible, plausiblePart } from "./plausible.ts";
import type { RawStrings } from "./raw-strings.ts";
import { isWorthIt, saysNothing } from "./worth.ts";
import type { PendingHit } from "./hit.ts";

/** A text that is read, and how. */
export type TextContext = {
  readonly bytes: Buffer;
  readonly path: string;
  /** The path from the folder that is scanned. */
  readonly below: string;
  /** Asked of few files. */
  readonly kind: () => TextKind;
  readonly language: Language;
  readonly off: ReadonlySet<string>;
  readonly bounds: LineBounds;
  /** Lines of this language, and names with their values, that say nothing wherever they stand. */
  readonly cleanLines: CleanLines;
  readonly cleanNamed: CleanTexts;
  readonly strings: RawStrings;
  readonly documents: HereDocuments;
  /** Whether what the line says that is read depends on what stands around it. */
  isBeside: boolean;
};

/** What speaks for a value under its name, with both as they are read; null if nothing does. */
export function decided(
  one: NamedLiteral,
  context: TextContext,
): { readonly name: string; readonly value: string; readonly outcome: Evidence } | null {
  const { language, off } = context;
  const name = utf8Text(one.name).replace(/^process\.env\./, "");
  // Compose and Kubernetes read two dollars as one.
  const value = utf8Text(language === "yaml" ? one.value.replaceAll("$$", "$") : one.value);
  if (language === "code" ? !isWorthIt(name, value) : saysNothing(name, value)) return null;
  const key = `${name}\n${value}`;
  if (context.cleanNamed.has(key)) return null;
  const outcome = decideIn(name, value, off);
  if (!isEvidence(outcome)) context.cleanNamed.add(key);
  else context.isBeside = true;
  return isEvidence(outcome) ? { name, value, outcome } : null;
}

export function judged(one: NamedLiteral, offset: number, context: TextContext): PendingHit[] {
  const known = decided(one, context);
  if (known === null) return [];
  const { bytes, path, below, language, off } = context;
  const { name, value, outcome } = known;
  if (language === "yaml" && namesEntry(name, value, bytes, one.start + offset)) return [];
  const kind = context.kind();
  const [start, end] = [one.start + offset, one.end + offset];
  if (isExpanded(outcome, bytes, start, language)) return [];
  const whole = outcome.part === value.trim() || outcome.rule === "url-password";
  if (!whole && isPlaceholderIn(value, outcome.part)) return [];
  const around = whole ? lineAround(bytes, start, end) : { lead: "", tail: "" };
  if (around.lead.endsWith("${")) {
    // `${NAME:?NAME must be set}`
    if (value.startsWith("?")) return [];
    // `${NAME:-default}` in a text: what stands behind the dash.
    if (/^[-=][^-=]/.test(value) && one.value === value)
      return judged({ ...one, value: value.slice(1), start: one.start + 1 }, offset, context);
  }
  // An inner secret is weighed by its name, not by the text around the whole value.
  const inner = whole ? { name, value } : { name: innerName(outcome, name), value: outcome.part };
  const likely = plausible(
    outcome,
    {
      ...inner,
      quoted: one.quoted || inner.value !== value,
      ...around,
      path,
      below,
      kind,
    },
    off,
  );
  if (likely === null) return [];
  const first = { found: inKind(likely, name, likely.part, context), name, start, end };
  if (outcome.part === value || likely.score < MEDIUM) return [first];
  const more = others(outcome, (found) => decideIn(name, value, off, found)).filter(
    (one) => plausiblePart(one, off) !== null,
  );
  if (more.length === 0) return [first];
  return [likely, ...more].map((found) => ({
    found: inKind(found, name, found.part, context),
    name,
    ...placeOf(found, bytes, start, end),
  }));
}

/** What a template fills in, and the name of a secret of Podman's. */
function isPlaceholderIn(value: string, part: string): boolean {
  return value.includes(`{{ ${part} }}`) || value.includes(`=${part},type=`);
}

/** The name that the last step to a secret tells: `json → db.password`. */
function innerName({ via = [] }: Evidence, name: string): string {
  return /([A-Za-z_][\w-]{1,79})$/.exec(via.at(-1) ?? "")?.[1] ?? name;
}

import type { SecretGroup } from "../../groups.ts";
import { countText } from "../../widgets/bar.ts";
import { BLANK, line, wrapped, type SpanLine } from "../../widgets/text.ts";

/** More subjects than these are counted, not named. */
const NAMED = 5;

/** Who can read a secret, each with the subjects through which they can. */
export function exposure({ findings }: SecretGroup): SpanLine[] {
  const by = new Map<string, Set<string>>();
  for (const { exposure: texts, location } of findings) {
    for (const text of texts) {
      const subjects = by.get(text) ?? new Set();
      by.set(text, subjects.add(location.subjectName));
    }
  }
  if (by.size === 0) return [wrapped(0, "nobody is known to see it besides those who can read the place itself")];
  return [
    line("who can read it"),
    BLANK,
    ...[...by]
      .sort(([, a], [, b]) => b.size - a.size)
      .flatMap(([text, subjects]) => {
        const names = [...subjects].slice(0, NAMED).join(", ");
        const more = subjects.size > NAMED ? `, and ${countText(subjects.size - NAMED, "more", "more")}` : "";
        return [
          wrapped(2, { text: "! ", color: "yellow" }, text),
          wrapped(4, { text: "    in ", dimColor: true }, names, more),
        ];
      }),
  ];
}

import type { ScanReport } from "../../../core/scan.ts";
import type { MovedAge } from "../../../core/moved.ts";
import { rotationKey } from "../../../model/secret-service.ts";
import { unreadIn } from "../subject.ts";
import { agoText, movedText } from "./age.ts";
import { capped, counted, markup, NOTHING, number, type Markup } from "./markup.ts";

const SHOWN = 10;
/** Secrets of a kind that are named. */
const NAMED = 4;

/** What could not be read, and what to type next: the rest is incomplete without it. */
export function unreadSection({ sources }: ScanReport): Markup {
  const errors = sources.flatMap((source) =>
    source.errors.map(
      ({ subject, message, hint }) =>
        markup`<li><b>${unreadIn(source, subject)}</b>: ${message}<br>next: <code>${hint}</code></li>`,
    ),
  );
  if (errors.length === 0) return NOTHING;
  return section("unread", `Not read: ${counted(errors.length, "place")}`, capped(errors, SHOWN, "not read"));
}

/** How to rotate each kind that was found, and which secrets are of it; the pages are ours, the only external links in the report. */
export function rotationSection({ rotation, findings }: ScanReport): Markup {
  const byKind = Map.groupBy(findings, rotationKey);
  const items = Object.entries(rotation).flatMap(([kind, { text, url }]) => {
    const own = byKind.get(kind);
    if (own === undefined) return [];
    const page = url?.startsWith("https://") !== true ? NOTHING : markup` <a href="${url}" rel="noreferrer">${url}</a>`;
    const names = [...new Set(own.map(({ name }) => name))];
    const shown = names.slice(0, NAMED).map((name, at) => markup`${at > 0 ? ", " : ""}<bdi>${name}</bdi>`);
    const rest = names.length > NAMED ? ` and ${number(names.length - NAMED)} more` : "";
    return markup`<li><b>${shown}${rest}</b> <span class="quiet">(${own[0]?.rule ?? ""})</span>: ${text}${page}</li>`;
  });
  if (items.length === 0) return NOTHING;
  return section("rotation", "Rotate these secrets: others could read them", capped(items, SHOWN, "kinds"));
}

/** What runs have moved, and when each was last rotated, the oldest first: a moved secret was readable until then. */
export function movedSection(moved: readonly MovedAge[], scannedAt: string): Markup {
  if (moved.length === 0) return NOTHING;
  const items = moved
    .toSorted((a, b) => (renewedAt(a) < renewedAt(b) ? -1 : 1))
    .map(
      (one) =>
        markup`<li><bdi><b>${one.name}</b></bdi> of <bdi>${one.subject}</bdi>, in ${one.store}: ${movedText(one)}${agoText(renewedAt(one), scannedAt)}</li>`,
    );
  const rotated = moved.filter(({ rotatedAt }) => rotatedAt !== null).length;
  const title = `Moved to a store: ${counted(moved.length, "secret")}, ${number(rotated)} rotated`;
  const hint = markup`<p class="quiet">Only what <code>unsprawl rotate</code> did is known here; <code>unsprawl doctor</code> asks the stores.</p>`;
  return section("moved", title, markup`${capped(items, SHOWN, "moved")}${hint}`);
}

const renewedAt = ({ rotatedAt, movedAt }: MovedAge): string => rotatedAt ?? movedAt;

/** Warnings about images besides secrets; a warning that many share is shown once. */
export function adviceSection({ advice }: ScanReport): Markup {
  const subjects = new Map<string, string[]>();
  for (const { subject, texts } of advice)
    for (const text of texts) {
      const of = subjects.get(text);
      if (of) of.push(subject);
      else subjects.set(text, [subject]);
    }
  if (subjects.size === 0) return NOTHING;
  const items = [...subjects].map(([text, of]) => {
    const named = of.slice(0, SHOWN).map((one, at) => markup`${at > 0 ? ", " : ""}<b>${one}</b>`);
    const rest = of.length > SHOWN ? ` and ${number(of.length - SHOWN)} more` : "";
    return markup`<li>${text}: ${named}${rest}</li>`;
  });
  return section("advice", "Before you run it", capped(items, SHOWN * 2, "to know"));
}

/** What hid secrets, and how many each: nothing is hidden silently. */
export function ignoredSection({ ignored, summary }: ScanReport): Markup {
  if (summary.ignored === 0) return NOTHING;
  const items = ignored.map(({ by, count }) => markup`<li>${number(count)} by ${by}</li>`);
  const hint = markup`<p class="quiet"><code>--show-ignored</code> lists those that <code>ignore:</code> or a label hides.</p>`;
  return section(
    "ignored",
    `Ignored: ${number(summary.ignored)}`,
    markup`${capped(items, SHOWN * 2, "reasons")}${hint}`,
  );
}

export function notesSection({ notes }: ScanReport): Markup {
  if (notes.length === 0) return NOTHING;
  return section(
    "notes",
    "Notes",
    capped(
      notes.map((note) => markup`<li>${note}</li>`),
      SHOWN * 2,
      "notes",
    ),
  );
}

function section(id: string, title: string, body: Markup): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${body}</section>`;
}

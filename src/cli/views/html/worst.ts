import { subjectIn } from "../subject.ts";
import { agoText, movedText } from "./age.ts";
import type { movedAgeOf, PageSecret } from "./facts.ts";
import { counted, day, markup, NOTHING, number, type Markup } from "./markup.ts";
import { GLYPHS } from "./page/data.ts";

type MovedOf = ReturnType<typeof movedAgeOf>;

const WORST = 5;
const NAMED = 2;

/** The gravest secrets, each in a sentence: where it is, who can read it, since when. */
export function worstSection(secrets: readonly PageSecret[], scannedAt: string, movedOf: MovedOf): Markup {
  const open = secrets.filter(({ worst }) => worst.state !== "ignored" && worst.state !== "migrated");
  if (open.length === 0) return NOTHING;
  const items = open.slice(0, WORST).map((secret) => sentence(secret, scannedAt, movedOf));
  const title = open.length === 1 ? "The secret to act on" : `The ${Math.min(WORST, open.length)} to act on first`;
  return markup`<section id="worst" aria-labelledby="worst-title"><h2 id="worst-title">${title}</h2><ol>${items}</ol></section>`;
}

function sentence({ worst, places, exposure, since }: PageSecret, scannedAt: string, movedOf: MovedOf): Markup {
  const { name, severity, rule, state, liveness } = worst;
  const subjects = [...new Set(places.map(({ location }) => `${location.subject} ${subjectIn(location)}`))];
  const level = markup`<span class="${severity}"><i aria-hidden="true">${GLYPHS[severity] ?? ""}</i> ${severity}</span>`;
  const back = state === "regressed" ? markup` <span class="state regressed">regressed</span>` : NOTHING;
  const live = liveness?.state === "live" ? " It still works." : "";
  const age = since === null ? "" : ` First seen ${day(Date.parse(since))}${agoText(since, scannedAt)}.`;
  const own = movedOf(worst);
  const moved = own === null ? "" : ` It was ${movedText(own)}.`;
  return markup`<li><bdi><b>${name}</b></bdi> (${level}, ${rule})${back} is in ${placesText(places.length, subjects)}. ${readers(exposure)}${live}${age}${moved}</li>`;
}

function readers(exposure: readonly string[]): Markup {
  if (exposure.length === 0) return markup`Who else can read it is not known.`;
  const [first = "", ...rest] = exposure;
  const more = rest.length === 0 ? "" : `; and ${counted(rest.length, "more group")}`;
  return markup`Readable by ${first}${more}.`;
}

/** `container api`, or `40 places: container api, container web and 38 more`. */
function placesText(places: number, subjects: readonly string[]): Markup {
  const shown = subjects.slice(0, NAMED).map((name, at) => markup`${at > 0 ? ", " : ""}<bdi>${name}</bdi>`);
  const more = subjects.length > NAMED ? ` and ${number(subjects.length - NAMED)} more` : "";
  return markup`${places === 1 ? "" : `${counted(places, "place")}: `}${shown}${more}`;
}

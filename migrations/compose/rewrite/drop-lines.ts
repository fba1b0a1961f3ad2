import { join } from "node:path";
import { lineOf } from "../../../src/kit/text/lines.ts";
import { scalarText } from "../../../src/kit/text/yaml-nodes.ts";
import { envFiles, projectTexts, type ProjectText, type VariablePlace, type Variables } from "../syntax/environment.ts";
import type { ProjectDraft } from "./draft.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { besideNotes, usedBeside } from "../syntax/beside.ts";
import type { ComposeEnvFile } from "../syntax/scope.ts";
import { filledText, filling, mountsText, sharedText, sharing, stayingNotes } from "../syntax/kept-lines.ts";
import { isReached } from "../syntax/reached.ts";
import { isUnseen } from "../syntax/unseen.ts";
import { mountReaders } from "../syntax/mounted.ts";
import { hintFor } from "../refuse.ts";
import { Blocked } from "./blocked.ts";
import { mayWrite } from "./may-write.ts";
import type { MovedText, ServiceChange } from "./change.ts";
import { sources } from "../syntax/sources.ts";
import { replacedWords } from "../syntax/service.ts";

/** Where variables that move stand, and whose they are. */
export type EditedPlace = {
  readonly place: VariablePlace;
  readonly by: { readonly has: (service: string) => boolean };
};

/**
 * Removes the sources of migrated variables from env files, if they contain a secret and nothing else is interpolated
 * from them. Returns notes for people. Throws `Blocked` if something else is, unless `elsewhere` is accepted; and
 * always if a removed line would leave a `${NAME}` empty. `kept`: lines that stay in an env file of the service.
 */
export function dropSources(
  draft: ProjectDraft,
  project: ComposeProject,
  edited: readonly EditedPlace[],
  kept: readonly EditedPlace[],
  secret: readonly MovedText[],
  accept: ReadonlySet<string>,
  all: ReadonlyMap<string, Variables>,
  wishes: readonly ServiceChange[],
): string[] {
  const notes: string[] = [];
  const staying: { readonly name: string; readonly where: string }[] = [];
  const replaced = wishes.map((wish) => ({ wish, isReplaced: replacedWords(project, wish) }));
  const everything = projectTexts(project);
  // Words that are made again may still be filled in from it.
  const isGone = (text: ProjectText, name: string): boolean =>
    replaced.some(({ wish, isReplaced }) => isReplaced(text) && !keeps(wish, name));
  const passed = [...all.values()].flatMap((own) => [...own.values()].flat());
  const filled = (name: string): ProjectText[] =>
    everything.filter(
      (one) => one.uses.includes(name) && !draft.covers(one.file.file, one.start) && !isGone(one, name),
    );
  const ofServices = new Set(
    [...project.services.values()].flatMap(({ layers }) =>
      layers.flatMap(({ envFiles: own }) => own.map(({ file }) => file)),
    ),
  );
  // Nor is a line of `.env` read that nothing is filled in from.
  const isRead = ({ file, key }: ProjectText): boolean =>
    project.yaml.has(file.file) ||
    ofServices.has(file.file) ||
    /^(?:COMPOSE|DOCKER)_/.test(key) ||
    [...everything, ...passed].some(({ uses }) => uses.includes(key));
  const isTaken = (one: ProjectText): boolean => isReached(project, one) && isRead(one);
  const keptIds = new Set(kept.map(({ place }) => place.id));
  const stays = ({ file }: ProjectText["file"], start: number): boolean => keptIds.has(`${file}:${start}`);
  // Texts that inspect does not show, and lines that an empty variable covers, give nothing away.
  const isHidden = (one: ProjectText): boolean => isUnseen(one) || stays(one.file, one.start);
  const isShown = (one: ProjectText): boolean => isTaken(one) && !isHidden(one);
  // A base that every service overrides would show nothing.
  const unused = (name: string): ProjectText[] => filled(name).filter((one) => !isTaken(one));
  const shown = (name: string): ProjectText[] => filled(name).filter(isShown);
  const hint = (name: string): string | null => {
    const [first] = shown(name);
    return first === undefined ? null : hintFor(first, project);
  };
  const remaining = (name: string): string[] => [
    ...new Set([
      ...shown(name).map(({ file, start, path }) => `${path} (${file.file}:${lineOf(file.text, start)})`),
      ...passed
        .filter(
          ({ uses, member, kind, file, id }) =>
            uses.includes(name) &&
            kind !== "line" &&
            member &&
            // Of others than those passed on by their name alone, the text is among the above.
            (kind === "item" ? !scalarText(member)?.includes("=") : scalarText(member.value) === null) &&
            !draft.covers(file.file, Number(id.slice(id.lastIndexOf(":") + 1))),
        )
        .map(({ at, name: own }) => `${own} (${at})`),
      ...[...all].flatMap(([service, own]) => {
        const place = own.get(name)?.at(-1);
        const isRead =
          place?.kind === "line" &&
          project.dotenv.some(({ file }) => file === place.file.file) &&
          !draft.covers(place.file.file, place.member.start) &&
          !stays(place.file, place.member.start);
        return isRead ? `${name} of ${service} (${place.at})` : [];
      }),
    ]),
  ];
  const ofWords = wishes.flatMap(({ service, words }) => (words?.sources ?? []).map((one) => ({ ...one, service })));
  const open = [...new Set([...edited.flatMap(({ place }) => place.uses), ...ofWords.map(({ source }) => source)])];
  // Everything that is filled into a removed line counts.
  const within = new Set(ofWords.map(({ source }) => source));
  const isName = (name: string, value: string, carrying: readonly MovedText[]): boolean =>
    !within.has(name) &&
    carrying.every(({ mayBeName }) => mayBeName(value)) &&
    !isOfSecret(name, [...edited, ...kept], wishes);
  const seen = new Set<string>();
  // What is still filled in somewhere, maybe in a line that goes later: another variable of `.env` that moves.
  const waiting = new Map<string, string>();
  const dropped: { readonly name: string; readonly file: ComposeEnvFile }[] = [];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const lines = project.dotenv.flatMap((file) =>
      file.entries.filter((one) => one.name === name).map((member) => ({ file, member })),
    );
    const value = project.lookup(name) ?? lines.at(-1)?.member.value ?? "";
    const carrying = secret.filter(({ carries }) => carries(value));
    const whose = carrying.find((one) => one.name === name) ?? carrying[0];
    if (whose === undefined || isName(name, value, carrying)) continue;
    if (lines.length === 0) {
      notes.push(`${name} comes from the shell's environment, not from a file: remove it there yourself`);
      continue;
    }
    if (remaining(name).length > 0) {
      waiting.set(name, lines.map(({ file }) => file.file).join(", "));
      continue;
    }
    let isSet = false;
    for (const { file, member } of lines) {
      if (draft.covers(file.file, member.start)) continue;
      if (stays(file, member.start)) {
        isSet = true;
        continue;
      }
      const source = name;
      const readers = mountReaders(project, file.file, (service) => all.get(service)?.has(source) === true);
      const unseen = filled(source).filter((one) => isTaken(one) && isHidden(one));
      const beside = file.file === join(project.dir, ".env") ? usedBeside(project, source) : null;
      const shared = beside === null ? sharing(project, file.file, source) : filling(beside);
      if (readers.length > 0 || unseen.length > 0 || shared !== null) {
        const why =
          readers.length > 0
            ? mountsText(readers)
            : unseen.length > 0 || shared === null
              ? filledText(unseen)
              : sharedText(shared);
        staying.push({ name, where: `${file.file}, ${why}` });
        isSet = true;
        continue;
      }
      mayWrite(file, (service, its) =>
        takers(source, edited).some(({ place, by }) => place.name === its && by.has(service)),
      );
      draft.line(file, member, null, `${name}=${whose.name === name ? whose.masked : HIDDEN}`);
      dropped.push({ name, file });
      open.push(...member.uses, ...waiting.keys());
      for (const one of member.uses) {
        within.add(one);
        seen.delete(one);
      }
      for (const one of waiting.keys()) seen.delete(one);
      waiting.clear();
    }
    for (const { path, file, start } of isSet ? [] : unused(name))
      notes.push(
        `${path} (${file.file}:${lineOf(file.text, start)}) names ${name}, which is no longer set anywhere; no service reads it from there, so remove that line`,
      );
  }
  notes.push(...stayingNotes(staying));
  for (const [name, files] of waiting) {
    const left = remaining(name);
    if (!accept.has("elsewhere")) throw elsewhere(name, left, edited, ofWords, hint(name));
    notes.push(`${name} stays in ${files}: ${left.join(", ")} is filled from it`);
  }
  // An env file of services may also be a source for `${…}`.
  for (const file of project.dotenv) {
    for (const { name, start } of file.entries) {
      if (
        !(draft.covers(file.file, start) || stays(file, start)) ||
        !envFiles(project).some((one) => one.file === file.file)
      )
        continue;
      const left = remaining(name);
      if (left.length > 0) throw elsewhere(name, left, [...edited, ...kept], ofWords, hint(name));
    }
  }
  return [...notes, ...besideNotes(project, dropped)];
}

/**
 * Whether a moved secret, or a part of it, comes from this variable of `${…}`. The user and the database in
 * `postgres://${USER}:${PASSWORD}@db/${NAME}` do not, even if they are called as the password is.
 */
function isOfSecret(source: string, edited: readonly EditedPlace[], wishes: readonly ServiceChange[]): boolean {
  return edited.some(({ place, by }) => {
    const parts = sources(place).flatMap(({ kind, name, part }) =>
      name === source && kind !== "text" && kind !== "alias" ? [part] : [],
    );
    return wishes
      .filter(({ service }) => by.has(service))
      .flatMap(({ moves }) => moves.filter(({ name }) => name === place.name))
      .some(({ span }) =>
        parts.some(([from, to]) => span === null || (from < span.start + span.length && to > span.start)),
      );
  });
}

/** Whether a service's new words are still filled in from a variable. */
const keeps = ({ words }: ServiceChange, name: string): boolean => words?.kept.has(name) === true;

/** Of a line whose variable has another form of the value. */
const HIDDEN = "••••••••";

function elsewhere(
  source: string,
  left: readonly string[],
  edited: readonly EditedPlace[],
  ofWords: readonly { readonly service: string; readonly source: string; readonly name: string }[],
  hint: string | null,
): Blocked {
  const words = ofWords.filter((one) => one.source === source);
  const from = takers(source, edited);
  return new Blocked(
    `${source} is also filled in at ${left.slice(0, 5).join(", ")}${left.length > 5 ? ` and ${left.length - 5} more` : ""}, which would still show it`,
    `${hint ?? "give each a variable of the service to read"}; or --accept elsewhere moves the rest and leaves those`,
    (service, name) =>
      from.some(({ place, by }) => place.name === name && by.has(service)) ||
      words.some((one) => one.name === name && one.service === service),
  );
}

/** The places that are filled from a variable, or that are its own line. */
function takers(source: string, edited: readonly EditedPlace[]): readonly EditedPlace[] {
  return edited.filter(({ place }) => place.uses.includes(source) || (place.kind === "line" && place.name === source));
}

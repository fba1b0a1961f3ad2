import type { DotenvEntry } from "../../../src/files/dotenv.ts";
import { lineOf } from "../../../src/kit/text/lines.ts";
import { hintFor } from "../refuse.ts";
import { besideNotes } from "../syntax/beside.ts";
import { envFiles } from "../syntax/environment.ts";
import { lineNeed, sharingBeside, stayingNotes } from "../syntax/kept-lines.ts";
import type { ComposeEnvFile } from "../syntax/scope.ts";
import { sources } from "../syntax/sources.ts";
import { Blocked } from "./blocked.ts";
import type { MovedText } from "./change.ts";
import { LineUsers, type EditedPlace, type MovingOut } from "./line-users.ts";
import { mayWrite } from "./may-write.ts";

/**
 * Removes the sources of migrated variables from env files, if they contain a secret and nothing else is interpolated
 * from them. Returns notes for people. Throws `Blocked` if something else is, unless `elsewhere` is accepted; and
 * always if a removed line would leave a `${NAME}` empty.
 */
export function dropLines(
  moving: MovingOut,
  secret: readonly MovedText[],
  accept: ReadonlySet<string>,
): readonly string[] {
  return new Dropping(moving, secret).notes(accept.has("elsewhere"));
}

type SourceLine = { readonly file: ComposeEnvFile; readonly member: DotenvEntry };

/** A variable that fills the words of a service. */
type WordSource = { readonly service: string; readonly source: string; readonly name: string };

/** Of a line whose variable has another form of the value. */
const HIDDEN = "••••••••";

class Dropping {
  readonly #moving: MovingOut;
  readonly #secret: readonly MovedText[];
  readonly #users: LineUsers;
  readonly #ofWords: readonly WordSource[];
  readonly #notes: string[] = [];
  readonly #staying: { readonly name: string; readonly where: string }[] = [];
  readonly #dropped: { readonly name: string; readonly file: ComposeEnvFile }[] = [];
  /** The variables to look at. */
  readonly #open: string[];
  readonly #seen = new Set<string>();
  /** Everything that is filled into a removed line counts. */
  readonly #within: Set<string>;
  /** What is still filled in somewhere, maybe in a line that goes later: another variable of `.env` that moves. */
  readonly #waiting = new Map<string, string>();

  constructor(moving: MovingOut, secret: readonly MovedText[]) {
    this.#moving = moving;
    this.#secret = secret;
    this.#users = new LineUsers(moving);
    const { edited, wishes } = moving;
    this.#ofWords = wishes.flatMap(({ service, words }) => (words?.sources ?? []).map((one) => ({ ...one, service })));
    this.#within = new Set(this.#ofWords.map(({ source }) => source));
    this.#open = [...new Set([...edited.flatMap(({ place }) => place.uses), ...this.#within])];
  }

  notes(mayStay: boolean): readonly string[] {
    for (let name = this.#open.pop(); name !== undefined; name = this.#open.pop()) {
      if (this.#seen.has(name)) continue;
      this.#seen.add(name);
      this.#source(name);
    }
    this.#notes.push(...stayingNotes(this.#staying));
    const { edited, kept, project } = this.#moving;
    for (const [name, files] of this.#waiting) {
      const left = this.#users.remaining(name);
      if (!mayStay) throw this.#elsewhere(name, left, edited);
      this.#notes.push(`${name} stays in ${files}: ${left.join(", ")} is filled from it`);
    }
    for (const name of this.#removedOfServices()) {
      const left = this.#users.remaining(name);
      if (left.length > 0) throw this.#elsewhere(name, left, [...edited, ...kept]);
    }
    return [...this.#notes, ...besideNotes(project, this.#dropped)];
  }

  /** Removes the lines of one variable, if they hold a secret. */
  #source(name: string): void {
    const { project, draft } = this.#moving;
    const lines = project.dotenv.flatMap((file) =>
      file.entries.filter((one) => one.name === name).map((member) => ({ file, member })),
    );
    const whose = this.#whose(name, project.lookup(name) ?? lines.at(-1)?.member.value ?? "");
    if (whose === null) return;
    if (lines.length === 0) {
      this.#notes.push(`${name} comes from the shell's environment, not from a file: remove it there yourself`);
      return;
    }
    if (this.#users.remaining(name).length > 0) {
      this.#waiting.set(name, lines.map(({ file }) => file.file).join(", "));
      return;
    }
    let isSet = false;
    for (const line of lines)
      if (!draft.covers(line.file.file, line.member.start)) isSet = !this.#drop(line, whose) || isSet;
    if (!isSet) this.#notes.push(...this.#users.unused(name).map((text) => unsetNote(name, text)));
  }

  /** The moved secret that a variable's value holds; null if it holds none, or may be a mere name. */
  #whose(name: string, value: string): MovedText | null {
    const carrying = this.#secret.filter(({ carries }) => carries(value));
    if (carrying.length === 0) return null;
    const isName =
      !this.#within.has(name) && carrying.every(({ mayBeName }) => mayBeName(value)) && !isOfSecret(name, this.#moving);
    return isName ? null : (carrying.find((one) => one.name === name) ?? carrying[0] ?? null);
  }

  /** False for a line that stays. */
  #drop({ file, member }: SourceLine, whose: MovedText): boolean {
    const { project, draft, all, edited } = this.#moving;
    const { name, start, uses } = member;
    if (this.#users.stays(file.file, start)) return false;
    const has = (service: string): boolean => all.get(service)?.has(name) === true;
    const need = lineNeed(project, { file: file.file, name }, has, this.#users.hidden(name), sharingBeside);
    if (need !== null) {
      this.#staying.push({ name, where: `${file.file}, ${need}` });
      return false;
    }
    // One that another line, or the shell, overrides: nobody else has what it says.
    const { value } = member;
    if (value !== null && !this.#within.has(name) && !this.#secret.some(({ carries }) => carries(value))) {
      this.#staying.push({ name, where: `${file.file}, which has another value there` });
      return false;
    }
    mayWrite(file, (service, its) =>
      takers(name, edited).some(({ place, by }) => place.name === its && by.has(service)),
    );
    draft.line(file, member, null, `${name}=${whose.name === name ? whose.masked : HIDDEN}`);
    this.#dropped.push({ name, file });
    for (const one of uses) this.#within.add(one);
    for (const one of [...uses, ...this.#waiting.keys()]) {
      this.#seen.delete(one);
      this.#open.push(one);
    }
    this.#waiting.clear();
    return true;
  }

  /** Lines of an env file of services that go, or that an empty variable covers: such a file may fill in `${…}` too. */
  #removedOfServices(): readonly string[] {
    const { draft, project } = this.#moving;
    const own = new Set(envFiles(project).map(({ file }) => file));
    return project.dotenv.flatMap(({ file, entries }) =>
      entries.flatMap(({ name, start }) =>
        own.has(file) && (draft.covers(file, start) || this.#users.stays(file, start)) ? [name] : [],
      ),
    );
  }

  #elsewhere(source: string, left: readonly string[], edited: readonly EditedPlace[]): Blocked {
    const words = this.#ofWords.filter((one) => one.source === source);
    const from = takers(source, edited);
    const [first] = this.#users.shown(source);
    const hint = first === undefined ? null : hintFor(first, this.#moving.project);
    const [top, beside] = first?.keys ?? [];
    return new Blocked(
      `${source} is also filled in at ${left.slice(0, 5).join(", ")}${left.length > 5 ? ` and ${left.length - 5} more` : ""}, which would still show it`,
      `${hint ?? "give each a variable of the service to read"}; or --accept elsewhere moves the rest and leaves those`,
      (service, name) =>
        from.some(({ place, by }) => place.name === name && by.has(service)) ||
        words.some((one) => one.name === name && one.service === service),
      top === "services" ? String(beside) : null,
    );
  }
}

type UnusedText = ReturnType<LineUsers["unused"]>[number];

const unsetNote = (name: string, { path, file, start }: UnusedText): string =>
  `${path} (${file.file}:${lineOf(file.text, start)}) names ${name}, which is no longer set anywhere; no service reads it from there, so remove that line`;

/**
 * Whether a moved secret, or a part of it, comes from this variable of `${…}`. The user and the database in
 * `postgres://${USER}:${PASSWORD}@db/${NAME}` do not, even if they are called as the password is.
 */
function isOfSecret(source: string, { edited, kept, wishes }: MovingOut): boolean {
  return [...edited, ...kept].some(({ place, by }) => {
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

/** The places that are filled from a variable, or that are its own line. */
function takers(source: string, edited: readonly EditedPlace[]): readonly EditedPlace[] {
  return edited.filter(({ place }) => place.uses.includes(source) || (place.kind === "line" && place.name === source));
}

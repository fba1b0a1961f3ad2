import { lineOf } from "../../../src/kit/text/lines.ts";
import { scalarText } from "../../../src/kit/text/yaml-nodes.ts";
import { projectTexts, type ProjectText, type VariablePlace, type Variables } from "../syntax/environment.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { isReached } from "../syntax/reached.ts";
import { replacedWords } from "../syntax/service.ts";
import { isUnseen } from "../syntax/unseen.ts";
import type { ServiceChange } from "./change.ts";
import type { ProjectDraft } from "./draft.ts";

/** Where variables that move stand, and whose they are. */
export type EditedPlace = {
  readonly place: VariablePlace;
  readonly by: { readonly has: (service: string) => boolean };
};

/** What a project's variables move out of. */
export type MovingOut = {
  readonly draft: ProjectDraft;
  readonly project: ComposeProject;
  readonly all: ReadonlyMap<string, Variables>;
  readonly wishes: readonly ServiceChange[];
  readonly edited: readonly EditedPlace[];
  /** Lines that stay in an env file of the service. */
  readonly kept: readonly EditedPlace[];
};

/** What is still filled from a variable, or takes its line, while others move out of the draft's files. */
export class LineUsers {
  readonly #moving: MovingOut;
  readonly #byUse = new Map<string, ProjectText[]>();
  readonly #passed: readonly VariablePlace[];
  readonly #used: ReadonlySet<string>;
  readonly #ofServices: ReadonlySet<string>;
  readonly #keptIds: ReadonlySet<string>;
  readonly #isGone: (text: ProjectText, name: string) => boolean;

  constructor(moving: MovingOut) {
    const { project, all, wishes, kept } = moving;
    this.#moving = moving;
    const texts = projectTexts(project);
    for (const text of texts)
      for (const use of new Set(text.uses)) this.#byUse.set(use, [...(this.#byUse.get(use) ?? []), text]);
    this.#passed = [...all.values()].flatMap((own) => [...own.values()].flat());
    this.#used = new Set([...texts, ...this.#passed].flatMap(({ uses }) => uses));
    const layers = [...project.services.values()].flatMap((service) => service.layers);
    this.#ofServices = new Set(layers.flatMap(({ envFiles }) => envFiles.map(({ file }) => file)));
    this.#keptIds = new Set(kept.map(({ place }) => place.id));
    const replaced = wishes.map((wish) => ({ wish, isReplaced: replacedWords(project, wish) }));
    // Words that are made again may still be filled in from it.
    this.#isGone = (text, name) =>
      replaced.some(({ wish, isReplaced }) => isReplaced(text) && wish.words?.kept.has(name) !== true);
  }

  /** Whether a line stays in its file. */
  stays(file: string, start: number): boolean {
    return this.#keptIds.has(`${file}:${start}`);
  }

  /** Texts that are filled from it and that inspect shows. */
  shown(name: string): readonly ProjectText[] {
    return this.#filled(name).filter((text) => this.#isTaken(text) && !this.#isHidden(text));
  }

  /** Texts that are filled from it and that inspect does not show. */
  hidden(name: string): readonly ProjectText[] {
    return this.#filled(name).filter((text) => this.#isTaken(text) && this.#isHidden(text));
  }

  /** Texts that name it, and that nothing takes: a base that every service overrides would show nothing. */
  unused(name: string): readonly ProjectText[] {
    return this.#filled(name).filter((text) => !this.#isTaken(text));
  }

  /** Everything that would still show its value, in words. */
  remaining(name: string): readonly string[] {
    const shown = this.shown(name).map(({ file, start, path }) => `${path} (${file.file}:${lineOf(file.text, start)})`);
    const passed = this.#passed.filter((place) => place.uses.includes(name) && this.#isPassedOn(place));
    return [
      ...new Set([...shown, ...passed.map(({ at, name: own }) => `${own} (${at})`), ...this.#takersOfLine(name)]),
    ];
  }

  #filled(name: string): readonly ProjectText[] {
    const { draft } = this.#moving;
    return (this.#byUse.get(name) ?? []).filter(
      (text) => !draft.covers(text.file.file, text.start) && !this.#isGone(text, name),
    );
  }

  /** Whether a service or Compose takes a text: not so a line of `.env` that nothing is filled in from. */
  #isTaken(text: ProjectText): boolean {
    const { file, key } = text;
    const isRead =
      this.#moving.project.yaml.has(file.file) ||
      this.#ofServices.has(file.file) ||
      /^(?:COMPOSE|DOCKER)_/.test(key) ||
      this.#used.has(key);
    return isRead && isReached(this.#moving.project, text);
  }

  /** Texts that inspect does not show, and lines that an empty variable covers, give nothing away. */
  #isHidden(text: ProjectText): boolean {
    return isUnseen(text) || this.stays(text.file.file, text.start);
  }

  /** Of others than those passed on by their name alone, the text is among the project's. */
  #isPassedOn({ kind, member, file, id }: VariablePlace): boolean {
    if (kind === "line") return false;
    const isAlone = kind === "item" ? !scalarText(member)?.includes("=") : scalarText(member.value) === null;
    return isAlone && !this.#moving.draft.covers(file.file, Number(id.slice(id.lastIndexOf(":") + 1)));
  }

  /** The services that have `.env` as their env file too, and take the line itself. */
  #takersOfLine(name: string): readonly string[] {
    const { draft, project, all } = this.#moving;
    return [...all].flatMap(([service, own]) => {
      const place = own.get(name)?.at(-1);
      if (place?.kind !== "line") return [];
      const { file } = place.file;
      const { start } = place.member;
      const isDotenv = project.dotenv.some((one) => one.file === file);
      return isDotenv && !draft.covers(file, start) && !this.stays(file, start)
        ? [`${name} of ${service} (${place.at})`]
        : [];
    });
  }
}

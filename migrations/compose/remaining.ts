import { cmd } from "../../src/kit/shell.ts";
import { sourceText } from "./syntax/given.ts";
import type { ComposeProject } from "./syntax/project.ts";
import type { Selected } from "../../src/contract/migration.ts";
import { Blocked } from "./rewrite/blocked.ts";
import { leftBehind, without, type AlongOf } from "./along.ts";

type LeftOut = { readonly selected: Selected; readonly reason: string; readonly hint: string | null };

/** What is still planned, and what is left with its reason. */
export class Remaining {
  going: ReadonlyMap<string, readonly Selected[]>;
  readonly left: LeftOut[] = [];
  /** Why others that are filled from the same text stay: the cause that the findings themselves stay too. */
  readonly #causes: LeftOut[] = [];
  readonly #implied: ReadonlySet<Selected>;
  readonly #like: (one: Selected) => AlongOf | null;
  readonly #project: ComposeProject;

  constructor(
    all: ReadonlyMap<string, readonly Selected[]>,
    implied: ReadonlySet<Selected>,
    { like, project }: { readonly like: (one: Selected) => AlongOf | null; readonly project: ComposeProject },
  ) {
    this.going = all;
    this.#implied = implied;
    this.#like = like;
    this.#project = project;
  }

  /** Leaves what this blocks, with what moves along only with it; false if it blocks nothing. */
  leave(error: Blocked, byService: ReadonlyMap<string, readonly Selected[]>): boolean {
    const stays = [...this.going].flatMap(([service, own]) =>
      own.filter(({ move }) => error.blocks(service, move.name)),
    );
    if (stays.length === 0) return false;
    const project = error.beside === null || byService.has(error.beside) ? null : sourceText(this.#project);
    for (const selected of stays) {
      const isOne = project !== null && selected.finding.location.source.startsWith("docker:");
      const hint = isOne ? cmd`unsprawl plan ${project} --to STORE plans all services together` : error.hint;
      const own = { selected, reason: error.message, hint };
      const cause = this.#causes.find((one) => one.selected.value.equals(selected.value));
      if (this.#implied.has(selected)) this.#causes.push(own);
      else this.left.push({ ...own, ...(cause === undefined ? {} : { reason: cause.reason, hint: cause.hint }) });
    }
    this.going = without(this.going, stays);
    const behind = leftBehind(this.going, (one) => this.#like(one) !== null && !this.#implied.has(one));
    for (const one of behind) {
      const reason = `moves only along with ${this.#like(one)?.name ?? ""}, which stays`;
      this.left.push({ selected: one, reason, hint: error.hint });
    }
    this.going = without(this.going, behind);
    return true;
  }
}

import type { PageData, TextColumn } from "./data.ts";

export type PageSubject = {
  readonly source: string;
  readonly kind: string;
  readonly name: string;
  readonly id: string;
  /** Empty on this machine; otherwise also part of the name. */
  readonly host: string;
};

/** The findings by row number; frequent look-ups are prepared once. */
export class Findings {
  readonly count: number;
  readonly strings: readonly string[];
  readonly subjects: readonly PageSubject[];
  readonly #data: PageData;
  #bySecret: readonly (readonly number[])[] | null = null;
  #index: readonly string[] | null = null;

  /** Throws if the data is incomplete. */
  constructor(data: PageData) {
    if (data.strings.length !== data.stringCount) throw new Error("the data of this page is incomplete");
    this.#data = data;
    this.count = data.findings;
    this.strings = data.strings;
    this.subjects = data.subjects.map(([source, kind, name, id, host]) => ({
      source: this.#string(source),
      kind: this.#string(kind),
      name: this.#string(name),
      id: this.#string(id),
      host: this.#string(host),
    }));
  }

  text(column: TextColumn, row: number): string {
    return this.#string(this.number(column, row));
  }

  /** The text's number: equal texts have the same. */
  number(column: TextColumn, row: number): number {
    return at(this.#data.texts[column], row);
  }

  list(column: "why" | "exposure", row: number): readonly string[] {
    return (this.#data.lists[at(this.#data[column], row)] ?? []).map((one) => this.#string(one));
  }

  subjectNumber(row: number): number {
    return at(this.#data.subject, row);
  }

  subject(row: number): PageSubject {
    return this.subjects[this.subjectNumber(row)] ?? { source: "", kind: "", name: "", id: "", host: "" };
  }

  score(row: number): number {
    return at(this.#data.score, row);
  }

  length(row: number): number {
    return at(this.#data.length, row);
  }

  /** The number of the secret that is found here. */
  secret(row: number): number {
    return at(this.#data.secret, row);
  }

  print(row: number): string {
    return this.#data.secrets[this.secret(row)] ?? "";
  }

  /**
   * How to rotate it, and the page that explains it, which may be the empty text; null if there is no advice for its
   * kind.
   */
  rotation(row: number): { readonly text: string; readonly page: string } | null {
    const kind = this.number("kind", row);
    const said = this.#data.rotation.find(([of]) => of === kind);
    return said === undefined ? null : { text: this.#string(said[1]), page: this.#string(said[2]) };
  }

  /** The rows of each secret. */
  get bySecret(): readonly (readonly number[])[] {
    if (this.#bySecret === null) {
      const rows = this.#data.secrets.map((): number[] => []);
      for (let row = 0; row < this.count; row++) rows[this.secret(row)]?.push(row);
      this.#bySecret = rows;
    }
    return this.#bySecret;
  }

  /** Where this secret is found, this place included. */
  copies(row: number): readonly number[] {
    return this.bySecret[this.secret(row)] ?? [];
  }

  /** All text that a search looks at, one per row, in lower case. */
  get index(): readonly string[] {
    if (this.#index === null) {
      const lower = this.strings.map((text) => text.toLowerCase());
      const word = (column: TextColumn, row: number): string => lower[this.number(column, row)] ?? "";
      const lists = this.#data.lists.map((list) => list.map((one) => lower[one]).join("\n"));
      const subjects = this.subjects.map(({ source, kind, name, id }) =>
        [source, kind, name, id].join("\n").toLowerCase(),
      );
      this.#index = Array.from({ length: this.count }, (_, row) =>
        [
          word("name", row),
          word("rule", row),
          subjects[this.subjectNumber(row)] ?? "",
          word("path", row),
          word("where", row),
          word("masked", row),
          word("id", row),
          this.print(row),
          lists[at(this.#data.why, row)] ?? "",
        ].join("\n"),
      );
    }
    return this.#index;
  }

  #string(index: number): string {
    return this.strings[index] ?? "";
  }
}

/** A column of one number has the same value in every row. */
function at(column: readonly number[], row: number): number {
  return column[column.length === 1 ? 0 : row] ?? 0;
}

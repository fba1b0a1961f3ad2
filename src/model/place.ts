/** The layer of an image that a file is in, from the bottom, and what a later layer does to the file. */
export type LayerPlace = {
  readonly number: number;
  readonly of: number;
  readonly fate: { readonly does: "deleted" | "replaced"; readonly in: number } | null;
};

/**
 * What a field is for, where that decides whether its value can be moved: what a Swarm service was before
 * (`previous-spec`, `old-task`), kubectl's copy of what was last applied, a header of an HTTP probe, a Helm release, the
 * container that built an image (`builder`), an image's manifest or an attestation of it; or that it is an entry of a
 * Kubernetes Secret (`secret-object`).
 */
export const FIELD_ROLES = [
  "previous-spec",
  "old-task",
  "last-applied",
  "http-header",
  "helm-release",
  "builder",
  "manifest",
  "attestation",
  "secret-object",
] as const;

export type FieldRole = (typeof FIELD_ROLES)[number];

/** Where a value is inside its subject. Code reads the members; people read `placeText`. */
export type Place =
  /**
   * A field of a document, such as `Config.Env` with index 3: `index` is the position in the list at the end of the path,
   * `line` the line of a text in that field. `object` names the document within a file of several. `fileLine` is the line
   * on which a field of a file is written, in `file` or else the subject's: for editors and CI systems, no part of the
   * place's text.
   */
  | {
      readonly kind: "field";
      readonly object?: string;
      readonly field: string;
      readonly index?: number;
      readonly line?: number;
      readonly role?: FieldRole;
      readonly file?: string;
      readonly fileLine?: number;
    }
  /** What one line of a file sets: a variable, or a field by its path. */
  | {
      readonly kind: "line";
      readonly file: string;
      readonly line: number;
      readonly name: string;
      readonly index?: number;
    }
  /**
   * The text of a file, which is the subject itself where `file` is null; `layer` where it is a container's or an image's.
   * `of` is what sets a variable there, such as `jobs.test.env` of a workflow.
   */
  | {
      readonly kind: "text";
      readonly file: string | null;
      readonly line: number | null;
      readonly of?: string;
      readonly layer?: LayerPlace | "writable";
    }
  /** A line of a whole file that a field holds. */
  | { readonly kind: "embedded"; readonly field: string; readonly line: number; readonly role?: FieldRole }
  /** A store entry, by its reference. */
  | { readonly kind: "reference"; readonly reference: string };

export type FieldPlace = Extract<Place, { readonly kind: "field" }>;
export type LinePlace = Extract<Place, { readonly kind: "line" }>;

/** A place as people read it, such as `Config.Env[3]` or `app.env:12 DB_PASSWORD`. */
export function placeText(place: Place): string {
  switch (place.kind) {
    case "field":
      return `${objectText(place)}${place.field}${indexText(place)}${place.line === undefined ? "" : `:${place.line}`}`;
    case "line":
      return `${place.file}:${place.line} ${place.name}${indexText(place)}`;
    case "text": {
      const line = place.line === null ? null : `line ${place.line}`;
      const { layer, of } = place;
      const where = [place.file, line, of === undefined || of === "" ? null : `in ${of}`]
        .filter((one) => one !== null)
        .join(" ");
      return layer === undefined ? where : `${where}, ${layerText(layer)}`;
    }
    case "embedded":
      return `${place.field}, line ${place.line}`;
    case "reference":
      return place.reference;
  }
}

/**
 * The part of a place that stays while the secret does, whatever moves around it: without positions, line numbers and
 * layers. Ids of findings are made from it, so the same place must give the same text in every version.
 *
 * A name that looks like a position (`backup:12`) is a name, and stays whole: `backup:12` and `backup:13` are two places.
 * Versions without typed places could not tell the two apart and left `:12` out, as `earlierLastingText` still does for
 * what they wrote. The id of a finding with such a name has changed once, with the first scan by a typed place.
 */
export function lastingText(place: Place): string {
  switch (place.kind) {
    case "field":
      return `${objectText(place)}${place.field}`;
    case "line":
      return `${place.file} ${place.name}`;
    case "text":
      return `${place.file ?? ""}${place.file !== null && place.line !== null ? " " : ""}`;
    case "embedded":
      return `${place.field}, `;
    case "reference":
      return place.reference;
  }
}

/** What the field of a place is for; null if that decides nothing. */
export function fieldRole(place: Place | undefined): FieldRole | null {
  return place?.kind === "field" || place?.kind === "embedded" ? (place.role ?? null) : null;
}

/** The same place with each of its texts changed. */
export function mapPlace<P extends Place>(place: P, change: (text: string) => string): P {
  const entries = Object.entries(place).map(([key, one]: [string, unknown]) => [
    key,
    typeof one === "string" && !["kind", "layer", "role"].includes(key) ? change(one) : one,
  ]);
  return Object.fromEntries(entries) as P;
}

const objectText = ({ object }: { readonly object?: string }): string => (object === undefined ? "" : `${object} `);
const indexText = ({ index }: { readonly index?: number }): string => (index === undefined ? "" : `[${index}]`);

function layerText(layer: LayerPlace | "writable"): string {
  if (layer === "writable") return "writable layer";
  const fate = layer.fate === null ? "" : `, ${layer.fate.does} in layer ${layer.fate.in}`;
  return `layer ${layer.number} of ${layer.of}${fate}`;
}

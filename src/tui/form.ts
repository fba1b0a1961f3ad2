import { ACCEPT_WORDS } from "../assembly/plug-ins.ts";
import type { Provider } from "../contract/provider.ts";
import { DELIVERIES, storeKeyFault, type Mapping, type UnitMapping } from "../core/config/mapping.ts";
import type { StoreKey } from "../model/plan.ts";
import { nearestWord } from "../kit/text/nearest.ts";
import { characters } from "./line-edit.ts";
import type { Guard } from "./widgets/text.ts";

/** What one field decides. */
type FieldDecision =
  | { readonly of: "store" | "replace" }
  | { readonly of: "deliver" | "accept"; readonly unit: string }
  | { readonly of: "path" | "field"; readonly unit: string; readonly name: string };

export type Field = FieldDecision & {
  /** The heading for the fields below it, set once for fields that follow each other. */
  readonly head: string;
  readonly label: string;
  readonly value: string;
  /** The choices; null if text is typed. */
  readonly options: readonly string[] | null;
  readonly about: string;
  /** Why the value is not valid, and what to type. */
  readonly error: string | null;
};

/**
 * Everything that a person may decide about a plan, one field each, with answers filled in. Holds no value of a secret.
 */
export type PlanForm = {
  /** The store whose places are filled in; the field may name another, which is being opened. */
  readonly store: string;
  readonly provider: Provider;
  readonly known: Mapping;
  readonly fields: readonly Field[];
};

/** A form with the answers of a mapping. */
export function formOf(store: string, names: readonly string[], provider: Provider, known: Mapping): PlanForm {
  const fields: Field[] = [
    {
      of: "store",
      head: "",
      label: "store",
      value: store,
      options: names,
      about: "where the secrets go",
      error: null,
    },
    {
      of: "replace",
      head: "",
      label: "replace",
      value: known.overwrite ? "yes" : "no",
      options: ["no", "yes"],
      about: "whether another value in the store may be replaced; it is kept until scrub",
      error: null,
    },
  ];
  for (const [unit, { deliver, accept, keys }] of known.units) {
    const of = { head: unit, unit, error: null };
    fields.push(
      { ...of, of: "deliver", label: "delivery", value: deliver, options: DELIVERIES, about: "how it is delivered" },
      {
        ...of,
        of: "accept",
        label: "accept",
        value: accept.join(", "),
        options: null,
        about: `what may be lost or changed, of ${ACCEPT_WORDS.join(", ")}; nothing is fine`,
      },
    );
    for (const [name, key] of keys) {
      const its = { head: `${unit}  ${name}`, unit, name, options: null, error: null };
      fields.push({ ...its, of: "path", label: "path", value: key.path, about: "where in the store" });
      // A store without it in its path template has one value per path.
      if (key.field !== "")
        fields.push({ ...its, of: "field", label: "key name", value: key.field, about: "the key under that path" });
    }
  }
  return { store, provider, known, fields };
}

/** The form with another value in one field, which is not validated yet. */
export function changed<F extends PlanForm>(form: F, at: number, value: string): F {
  return withField(form, at, { value, error: null });
}

/** The form with this field validated: it contains the field's error, if any. */
export function checked<F extends PlanForm>(form: F, at: number, guard: Guard): F {
  return withField(form, at, { error: wrongWith(form, form.fields[at], () => answersOf(form), guard) });
}

/** The form with this field selected, the cursor at its end. */
export function atField<F extends PlanForm>(form: F, at: number): F & { readonly at: number; readonly cursor: number } {
  return { ...form, at, cursor: characters(form.fields[at]?.value ?? "").length };
}

/** The form with every field validated, and the index of the first invalid one; null if all are valid. */
export function wrongIn<F extends PlanForm>(form: F, guard: Guard): { readonly form: F; readonly at: number } | null {
  const answers = answersOf(form);
  const fields = form.fields.map((field) => ({ ...field, error: wrongWith(form, field, () => answers, guard) }));
  const at = fields.findIndex(({ error }) => error !== null);
  return at < 0 ? null : { form: { ...form, fields }, at };
}

/** The mapping that the form stands for, valid or not. */
export function mappingIn(form: PlanForm): Mapping {
  const answers = answersOf(form);
  const units = [...form.known.units].map(([unit, was]): [string, UnitMapping] => {
    const deliver = DELIVERIES.find((one) => one === answers.get(idOf({ of: "deliver", unit }))) ?? was.deliver;
    const accept = acceptsIn(answers.get(idOf({ of: "accept", unit })) ?? "");
    const keys = new Map([...was.keys].map(([name, key]) => [name, keyIn(answers, unit, name, key)]));
    return [unit, { deliver, accept, keys }];
  });
  return { overwrite: answers.get(idOf({ of: "replace" })) === "yes", units: new Map(units) };
}

/** Why the value of a field is not valid, with what to type; null if it is valid. */
function wrongWith(form: PlanForm, field: Field | undefined, answers: () => Answers, guard: Guard): string | null {
  if (field === undefined) return null;
  const value = field.value.trim();
  if (guard(value) !== value) return "this holds a value that was found: a place is read by everybody";
  if (field.options !== null) {
    if (field.options.includes(value)) return null;
    const near = nearestWord(value, field.options);
    return near === null ? `type one of ${field.options.join(", ")}` : `did you mean ${near}?`;
  }
  if (field.of === "accept") {
    const unknown = acceptsIn(value).find((one) => !ACCEPT_WORDS.includes(one));
    if (unknown === undefined) return null;
    const near = nearestWord(unknown, ACCEPT_WORDS);
    return near === null ? `type words of ${ACCEPT_WORDS.join(", ")}` : `${unknown}: did you mean ${near}?`;
  }
  if (field.of !== "path" && field.of !== "field") return null;
  const was = form.known.units.get(field.unit)?.keys.get(field.name);
  if (was === undefined) return null;
  const filled = field.of === "path" ? was.path : was.field;
  if (value === filled) return null;
  const like = `type one as ${filled}`;
  if (value === "") return `the ${field.label} must not be empty: ${like}`;
  // Checked alone first: the error of an invalid key name must not mention the path.
  const alone = storeKeyFault({ ...was, [field.of]: value }, form.provider);
  const why =
    alone ?? (field.of === "path" ? storeKeyFault(keyIn(answers(), field.unit, field.name, was), form.provider) : null);
  return why === null ? null : `${why}; ${like}`;
}

type Answers = ReadonlyMap<string, string>;

const answersOf = ({ fields }: PlanForm): Answers => new Map(fields.map((field) => [idOf(field), field.value.trim()]));

const idOf = (of: FieldDecision): string =>
  [of.of, "unit" in of ? of.unit : "", "name" in of ? of.name : ""].join("\0");

/** Where a secret goes according to the form. */
function keyIn(answers: Answers, unit: string, name: string, was: StoreKey): StoreKey {
  return {
    path: answers.get(idOf({ of: "path", unit, name })) ?? was.path,
    field: answers.get(idOf({ of: "field", unit, name })) ?? was.field,
  };
}

function withField<F extends PlanForm>(form: F, at: number, change: Partial<Pick<Field, "value" | "error">>): F {
  return { ...form, fields: form.fields.map((one, index) => (index === at ? { ...one, ...change } : one)) };
}

const acceptsIn = (text: string): string[] => text.split(/[\s,]+/).filter((one) => one !== "");

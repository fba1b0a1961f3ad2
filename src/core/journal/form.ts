import * as v from "valibot";
import type { JsonObject } from "../../kit/json-object.ts";
import { mustBeKnownForm } from "../../kit/io/form.ts";
import type { Json } from "../../model/json.ts";
import { VERSION } from "../../model/version.ts";

/**
 * The form of a journal, whatever the version of the product. 1: its lines have no codes. 2: they have codes, but the form
 * is not written down. 3: the first record has the form, and the version that began the run.
 */
const JOURNAL_FORM = 3;

/** What the first record has beside the plan. */
export const FORM_NOW: { readonly [key: string]: Json } = { form: JOURNAL_FORM, by: VERSION };

/** The form of plans, which a journal has in its first record. */
export const PLAN_FORM = 1;

/** Throws `refused` if a newer version wrote a journal's first line, or the plan in it. */
export function mustReadForm(first: JsonObject, id: string): void {
  if (!v.is(FIRST, first)) return;
  const { form, plan } = first.data;
  mustBeKnownForm(form, JOURNAL_FORM, `the journal of run ${id}`);
  mustBeKnownForm(plan.version, PLAN_FORM, `the plan of run ${id}`);
}

const FIRST = v.object({ data: v.object({ form: v.optional(v.unknown()), plan: v.object({ version: v.unknown() }) }) });

import type { Work } from "../contract/migration.ts";
import type { Json } from "../model/json.ts";
import type { RotateStep } from "../model/plan.ts";

/** Journals an effect before and after it. All may be repeated. */
export async function doing<T>(
  { record }: Pick<Work, "record">,
  step: Pick<RotateStep, "id">,
  what: string,
  act: () => Promise<T>,
  data: { readonly [key: string]: Json } = {},
): Promise<T> {
  const id = `${step.id}/${what}`;
  record.intent(id, data);
  const result = await act();
  record.done(id, data);
  return result;
}

/** Allows a consumer to resolve one reference in one variable. */
export type ReferenceBinding = {
  readonly consumer: string;
  readonly variable: string;
  readonly reference: string;
  /** The subject id of the delivery that added it and removes it on rollback; null if a person added it. */
  readonly by: string | null;
};

/** What one statement of an IAM policy allows, and under which conditions. */
export type IamRow = {
  readonly actions: string | readonly string[];
  readonly resource: string;
  /** An encryption context that KMS must see, by key; `*` in a text matches anything unless it is `exact`. */
  readonly context?: { readonly [key: string]: string };
  readonly exact?: true;
};

/** An IAM policy, as `aws iam put-user-policy --policy-document` takes it: JSON alone, which has no comments. */
export function iamPolicy(rows: readonly IamRow[], indent = 2): string {
  const statements = rows.map(({ actions, resource, context = {}, exact }) => {
    const conditions = Object.entries(context).map(([key, value]) => [`kms:EncryptionContext:${key}`, value]);
    const Condition = { [exact ? "StringEquals" : "StringLike"]: Object.fromEntries(conditions) };
    return {
      Effect: "Allow",
      Action: actions,
      Resource: resource,
      ...(conditions.length === 0 ? {} : { Condition }),
    };
  });
  return JSON.stringify({ Version: "2012-10-17", Statement: statements }, null, indent);
}

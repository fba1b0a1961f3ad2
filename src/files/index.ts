/*
 * What file migrations share: reading dialects of variables, editing in place with a sealed copy for rollback, and
 * finding what is left of a value. Files are written atomically and only if they are as the plan saw them.
 */
export {};

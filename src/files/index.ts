/*
 * What migrations of files share: reading dialects of variables, editing in place with a sealed copy for rollback, and
 * finding what is left of a value. Files are written atomically and only when they are as the plan saw them.
 */
export {};

/*
 * The verbs: scan, plan, apply, resume, rollback, scrub, rotate, render. Each takes its input and a host, and knows
 * plug-ins by their contracts alone. Read-only is enforced here, never in a face.
 */
export {};

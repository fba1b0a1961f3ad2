/**
 * The environment of the person who runs the tests, before `setup.ts` takes their home away: for what installs services,
 * which reaches registries as they do.
 */
export const PERSON: NodeJS.ProcessEnv = { ...process.env };

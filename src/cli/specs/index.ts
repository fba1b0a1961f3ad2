/*
 * Every command as data: usage, flags, examples, what loads it. Help, completion and the manual pages are made from it,
 * and a test runs each example. What a command does is in commands/; nothing here is computed at run time.
 */
import { MOVING } from "./moving.ts";
import { RUNS } from "./runs.ts";
import { SERVING } from "./serving.ts";
import { SETTING_UP } from "./setting-up.ts";
import type { CommandSpec } from "./spec.ts";
import { WATCHING } from "./watching.ts";

export const COMMANDS: readonly CommandSpec[] = [...MOVING, ...RUNS, ...SERVING, ...WATCHING, ...SETTING_UP];

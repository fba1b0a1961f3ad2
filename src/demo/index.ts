/*
 * `npm run demo`: the main job for real, in a small world that is removed afterwards. No part of the
 * product calls it.
 */
export {};

/*
 * Talking with the volume plugin that `unsprawl plugin install` gives to an engine: the sealed questions, and what both ends
 * know of each other. The engine's API carries them, so that they reach any engine that it is reached with.
 */
export {};

/*
 * The text of systemd units and Quadlet files: their sections, words and environment, and their text without one value.
 */
export {};

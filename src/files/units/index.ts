/*
 * The text of systemd units and Quadlet files: their sections, words and environment, and how they look when one value is
 * taken out.
 */
export {};

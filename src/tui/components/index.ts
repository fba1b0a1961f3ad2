/*
 * React components, which Ink lays out and draws: the screen, its panes, lists and dialogs. They draw only what is
 * visible, and change nothing.
 */
export {};

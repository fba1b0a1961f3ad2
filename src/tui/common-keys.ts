import { ALL, type KeyBinding } from "./bindings.ts";

/** The keys that mean the same on every screen. */
export const EVERYWHERE: readonly KeyBinding[] = [
  { action: "up", keys: ["up", "k"], show: "↑ k", where: ALL, short: null, long: "up" },
  { action: "down", keys: ["down", "j"], show: "↓ j", where: ALL, short: null, long: "down" },
  { action: "pageUp", keys: ["pageup"], show: "PgUp", where: ALL, short: null, long: "a page up" },
  { action: "pageDown", keys: ["pagedown"], show: "PgDn", where: ALL, short: null, long: "a page down" },
  { action: "top", keys: ["g", "home"], show: "g", where: ALL, short: null, long: "to the first" },
  { action: "bottom", keys: ["G", "end"], show: "G", where: ALL, short: null, long: "to the last" },
  { action: "help", keys: ["?"], show: "?", where: ALL, short: "help", long: "this list" },
  { action: "quit", keys: ["q"], show: "q", where: ALL, short: "quit", long: "quit; asks while a run works" },
  {
    action: "abort",
    keys: ["ctrl-c"],
    show: "ctrl-c",
    where: ["run"],
    short: "call off",
    long: "call off this run: what was begun is put back",
  },
  {
    action: "abort",
    keys: ["ctrl-c"],
    show: "ctrl-c",
    where: ["browse", "detail", "facets", "stores", "form", "plan", "proof", "runs", "receipts"],
    short: null,
    long: "leave at once",
  },
  {
    action: "suspend",
    keys: ["ctrl-z"],
    show: "ctrl-z",
    where: ALL,
    short: null,
    long: "suspend, fg comes back; not while a run works",
  },
];

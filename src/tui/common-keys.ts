import { ALL, type KeyBinding } from "./bindings.ts";

/** The keys that mean the same on every screen. */
export const EVERYWHERE: readonly KeyBinding[] = [
  { action: "up", keys: ["up", "k"], show: "↑ k", where: ALL, short: "up", long: "up" },
  { action: "down", keys: ["down", "j"], show: "↓ j", where: ALL, short: "down", long: "down" },
  { action: "pageUp", keys: ["pageup"], show: "PgUp", where: ALL, short: "page up", long: "a page up" },
  { action: "pageDown", keys: ["pagedown"], show: "PgDn", where: ALL, short: "page down", long: "a page down" },
  { action: "top", keys: ["g", "home"], show: "g", where: ALL, short: "first", long: "to the first" },
  { action: "bottom", keys: ["G", "end"], show: "G", where: ALL, short: "last", long: "to the last" },
  {
    action: "help",
    keys: ["?"],
    show: "?",
    where: ALL,
    short: "help",
    long: "this list: filter it with /, run a key with enter",
  },
  {
    action: "quit",
    keys: ["q"],
    show: "q",
    where: ALL,
    short: "quit",
    long: "quit; asks first while a run is at work",
  },
  {
    action: "abort",
    keys: ["ctrl-c"],
    show: "ctrl-c",
    where: ["run"],
    short: "cancel",
    long: "cancel the run and restore what it had begun",
  },
  {
    action: "abort",
    keys: ["ctrl-c"],
    show: "ctrl-c",
    where: ["browse", "detail", "facets", "stores", "form", "plan", "proof", "runs", "receipts", "overview"],
    short: "leave",
    long: "leave at once",
  },
  {
    action: "suspend",
    keys: ["ctrl-z"],
    show: "ctrl-z",
    where: ALL,
    short: "suspend",
    long: "suspend; fg comes back; not while a run is at work",
  },
];

/**
 * Whether a word names what the terminal UI scans, rather than a command, none of which has a colon in its name. Loads
 * nothing: every start asks.
 */
export const startsTarget = (word: string): boolean => /^(?:[a-z][a-z-]*:|--hosts(?:=|$))/.test(word);

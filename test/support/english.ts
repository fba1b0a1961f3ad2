/** Phrases that read as translated, and what to write instead. */
const PHRASES: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\btold\b|\btells? (?:of|what|who|that|people)\b/i, "report, notify, say"],
  [/\b(?:when|where|if|that|which|it) is none\b|\bmakes? it none\b/i, "is not one; null if there is none"],
  [/\bgo(?:es)? on\b|\bgone on\b|\bgoing on\b/i, "continue, resume"],
  [/\bcall(?:s|ed)? (?:it )?off\b/i, "cancel"],
  [/\bmend(?:s|ed|ing)?\b/i, "fix"],
  [/\banew\b|\bagain and again\b/i, "again, repeatedly, re-…"],
  [/\ball the same\b/i, "anyway, still"],
  [/\b(?:of|by) (?:its|one's|their) own\b/i, "its, their"],
  [/\bsays so\b/i, "a note reports it"],
  [/\bjudge[sd]?\b|\bjudging\b|\bcleared\b|\bhushed\b/i, "classify, dismiss, suppress"],
  [/\bkept so\b|\bheld to be\b/i, "cached, recognised"],
  [/\bwhoever (?:has|comes|is|was)\b/i, "anyone who …; the next process"],
];

/** What in a text reads as translated, each with what to write instead. */
export function unidiomatic(text: string): string[] {
  return PHRASES.flatMap(([phrase, instead]) => {
    const found = phrase.exec(text)?.[0];
    return found === undefined ? [] : [`"${found}" (write: ${instead}) in: ${text}`];
  });
}

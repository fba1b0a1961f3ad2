import type { DeclaredReader } from "../../src/contract/declared.ts";
import { lineOf } from "../../src/kit/text/lines.ts";
import { describedIn, mayBeDescription } from "./recognise.ts";

/** The variables in files of platforms. What a platform fills in is left to the search of the text. */
export const platformReader: DeclaredReader = {
  mayDeclare: mayBeDescription,
  async read(file, bytes) {
    const text = Buffer.from(bytes).toString("utf8");
    const described = await describedIn(file, text);
    if (described === null) return null;
    const { platform, variables } = described;
    return {
      exposure: [platform.exposure],
      variables: variables
        .filter(({ filled }) => !filled)
        .map(({ name, value, start, end, of }) => {
          const line = lineOf(text, start);
          return { name, value, line, lastLine: lineOf(text, Math.max(start, end - 1)), of };
        }),
    };
  },
};

// The page's script: reads the findings that the report put beside it, and touches nothing outside the page.
import { showCopies } from "./copies.ts";
import type { PageData } from "./data.ts";
import { byId } from "./dom.ts";
import { showExposure } from "./exposure.ts";
import { Findings } from "./findings.ts";
import { List } from "./list.ts";

const findings = new Findings(JSON.parse(byId("data").textContent ?? "") as PageData);
const list = new List(findings);
byId("not-started").remove();

// The list first: the rest is further down.
setTimeout(() => {
  showCopies(findings, (secret) => list.onlySecret(secret));
  showExposure(findings);
  // So that it is ready at the first key press.
  setTimeout(() => findings.index);
});
